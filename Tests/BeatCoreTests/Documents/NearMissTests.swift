import Testing

@testable import BeatCore
@testable import BeatRedis

/// What was probably meant: a word, a prefix, or a queue's list.
@Suite struct NearMissTests {
  @Test(arguments: [
    ("", "", 0), ("a", "", 1), ("jiter", "jitter", 1), ("abcd", "abdc", 1), ("queue", "quene", 1), ("ab", "xy", 2),
  ])
  func distance(_ one: String, _ two: String, _ expected: Int) {
    #expect(NearMiss.distance(Array(one.utf8), Array(two.utf8)) == expected)
    #expect(NearMiss.distance(Array(two.utf8), Array(one.utf8)) == expected)
  }

  @Test func ofWords() {
    let words = ["jitter", "queue", "kwargs", "args", "expires", "expires_at"]
    #expect(NearMiss.words(for: "jiter", among: words) == ["jitter"])
    #expect(NearMiss.words(for: "Queue", among: words) == ["queue"])
    #expect(NearMiss.words(for: "arg", among: words) == ["args"])
    #expect(NearMiss.words(for: "nonsense", among: words) == [] && NearMiss.words(for: "", among: words) == [])
  }

  @Test func neighbourPrefixes() {
    var found = NeighbourPrefix(RedisKeys(prefix: "task:meta:"))
    for key in ["tasks:meta:a", "tasks:meta:b", "session:1", "celery", "reactivebeat:tasks:meta:mark", "tasks.meta.x"] {
      found.add(Array(key.utf8))
    }
    #expect(found.samples.map { EntryName($0.prefix).description }.prefix(2) == ["tasks:meta:", "session:"])
    #expect(found.isLikeOurs(Array("tasks:meta:".utf8)) && !found.isLikeOurs(Array("session:".utf8)))
    for number in 0..<100 { found.add(Array("p\(number):x".utf8)) }
    #expect(found.samples.count == NeighbourPrefix.most)
    #expect(NeighbourPrefix.isSchedule(Array(#"{"task": "t", "interval": {"every": 1}}"#.utf8)))
    #expect(!NeighbourPrefix.isSchedule(Array(#"{"user": 7}"#.utf8)) && !NeighbourPrefix.isSchedule([1, 2]))
  }

  @Test func queueLists() {
    let kombu = KombuKeys.standard
    let list = kombu.list(of: Array("reports".utf8), priority: 4)
    #expect(kombu.wordsWithKey(for: list) == #"reports, priority 3 (key "reports\x06\x163")"#)
    #expect(kombu.keyWithWords(for: list) == #""reports\x06\x163" (reports, priority 3)"#)
    #expect(kombu.wordsWithKey(for: Array("reports".utf8)) == "reports")
    #expect(kombu.keyWithWords(for: Array("reports".utf8)) == "reports")
    #expect(kombu.wordsWithKey(for: Array("reports7".utf8)) == "reports7")
  }
}
