import Testing

@testable import BeatCore
@testable import BeatRedis

@Suite("RedisKeys: every key has one meaning")
struct RedisKeysTests {
  private let keys = RedisKeys(prefix: "tasks:meta:")

  @Test func documentsAreUnderThePrefixAndOursAreNot() {
    #expect(String(keys.document(EntryName("nightly"))) == "tasks:meta:nightly")
    for own in [keys.watermark, keys.lease, keys.epoch, keys.incarnation, keys.heartbeat("1"), keys.ownPrefix] {
      #expect(String(own).hasPrefix("reactivebeat:tasks:meta:"))
      #expect(!own.starts(with: keys.prefix))
    }
    #expect(
      Set([keys.watermark, keys.lease, keys.epoch, keys.incarnation, keys.heartbeat("1"), keys.heartbeat("2")]).count
        == 6)
  }

  @Test func twoPrefixesShareNoKey() {
    let other = RedisKeys(prefix: "tasks:meta:b:")
    #expect(other.watermark != keys.watermark)
    #expect(other.document(EntryName("a")) != keys.document(EntryName("a")))
  }

  @Test func anEntryIsWhatFollowsThePrefixToTheByte() {
    #expect(keys.entry(of: Array("tasks:meta:nightly".utf8)) == EntryName("nightly"))
    #expect(keys.entry(of: Array("tasks:meta:".utf8)) == EntryName(""))
    #expect(keys.entry(of: Array("tasks:meta".utf8)) == nil)
    #expect(keys.entry(of: Array("other:nightly".utf8)) == nil)
    let odd: [UInt8] = [0xFF, 0x00, 0x0A, 0x2A]
    #expect(keys.entry(of: keys.prefix + odd) == EntryName(odd))
    #expect(keys.document(EntryName(odd)) == keys.prefix + odd)
  }

  @Test(arguments: ["tasks:meta:", "", "r", "reactivebeat:", "beat:"]) func ourOwnKeysAreNoEntries(_ prefix: String) {
    let keys = RedisKeys(prefix: prefix)
    for own in [keys.watermark, keys.lease, keys.heartbeat("x")] { #expect(keys.entry(of: own) == nil) }
    #expect(keys.entry(of: keys.document(EntryName("nightly"))) == EntryName("nightly"))
  }

  @Test func patternsMatchThePrefixLiterally() {
    #expect(String(keys.documentPattern) == "tasks:meta:*")
    #expect(String(RedisKeys(prefix: #"a*b?[c]\d"#).documentPattern) == #"a\*b\?\[c\]\\d*"#)
    #expect(String(keys.documentEvents(database: 3)) == "__keyspace@3__:tasks:meta:*")
    #expect(String(keys.events(of: Array("a[1]*".utf8), database: 0)) == #"__keyspace@0__:a\[1\]\*"#)
  }

  @Test func aNameThatIsTooLongIsNoEntry() {
    let keys = RedisKeys(prefix: "tasks:meta:")
    let name = [UInt8](repeating: 0x6E, count: 1024)
    #expect(keys.entry(of: keys.document(EntryName(name))) == EntryName(name))
    #expect(keys.entry(of: keys.document(EntryName(name + [0x6E]))) == nil)
  }
}
