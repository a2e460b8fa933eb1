import Testing

@testable import BeatCore
@testable import BeatRedis
@testable import ReactiveBeat

/// The script that moves an item of the outbox to the messages that are set aside. Whatever is refused, the item stays in
/// exactly one of the two.
@Suite struct SetAsideScriptTests {
  private let server: RedisServer
  private let store: BlockingClient

  init() throws {
    server = try RedisServer()
    store = try server.client()
    for item in ["a", "b", "c"] { store("LPUSH", "outbox", item) }
  }

  private func setAside(_ item: String, atMost limit: Int = 9, as client: BlockingClient? = nil) -> RedisReply? {
    (client ?? store).call(
      [Array("EVAL".utf8), PackageResources.setaside_lua]
        + ["2", "outbox", "aside", item, "task", "queue q", "why", "\(limit)"].map { Array($0.utf8) })
  }

  private var outbox: [String] { store("LRANGE", "outbox", "0", "-1")?.array?.compactMap(\.text).reversed() ?? [] }
  private var aside: [String] {
    (store("XRANGE", "aside", "-", "+")?.array ?? []).compactMap { $0.array?.last?.array?.last?.text }
  }

  private func client(_ rights: String...) throws -> BlockingClient {
    store.call((["ACL", "SETUSER", "u", "reset", "on", "nopass", "~*", "+@all"] + rights).map { Array($0.utf8) })
    let client = try server.client()
    client("AUTH", "u", "x")
    return client
  }

  @Test func movesOneItem() {
    #expect(setAside("b")?.integer == 1)
    #expect(outbox == ["a", "c"] && aside == ["b"])
    let fields = store("XRANGE", "aside", "-", "+")?.array?.first?.array?.last?.array?.compactMap(\.text)
    #expect(fields == ["id", "task", "to", "queue q", "reason", "why", "item", "b"])
  }

  /// The answer of the first call was lost.
  @Test func anItemThatIsGoneLeavesNothing() {
    #expect(setAside("b")?.integer == 1 && setAside("b")?.integer == 1)
    #expect(outbox == ["a", "c"] && aside == ["b"])
  }

  @Test func aFullPlaceTakesNothing() {
    #expect(setAside("a", atMost: 1)?.integer == 1 && setAside("b", atMost: 1)?.integer == 0)
    #expect(outbox == ["b", "c"] && aside == ["a"])
  }

  @Test func aPlaceThatHoldsSomethingElseTakesNothing() {
    store("SET", "aside", "theirs")
    #expect(setAside("a")?.integer == 0)
    #expect(outbox == ["a", "b", "c"] && store("GET", "aside")?.text == "theirs")
  }

  @Test(arguments: ["-lrem", "-xadd", "-xlen", "-type"]) func aMissingRightMovesNothing(_ right: String) throws {
    // The stream is there, so that its length is asked for.
    #expect(setAside("a")?.integer == 1)
    let limited = try client(right)
    for _ in 0..<2 { #expect(setAside("b", as: limited)?.error != nil) }
    #expect(outbox == ["b", "c"] && aside == ["a"])
  }

  @Test func readsTheNewestWithoutTheirItems() {
    for item in ["a", "b", "c"] { _ = setAside(item) }
    func read(_ count: Int) -> [RedisReply] {
      store.call(
        [Array("EVAL".utf8), PackageResources.aside_lua]
          + ["1", "aside", "\(count)", "3"].map { Array($0.utf8) })?.array ?? []
    }
    #expect(read(0) == [.integer(3)])
    let found = read(2)
    #expect(found.count == 3 && found.first?.integer == 3)
    #expect(found.dropFirst().allSatisfy { $0.array?.dropFirst().compactMap(\.text) == ["tas", "que", "why"] })
    // What another client has put there has no fields that are known.
    store("XADD", "aside", "*", "x", "y")
    #expect(read(1).last?.array?.dropFirst().compactMap(\.text) == ["", "", ""])
  }
}
