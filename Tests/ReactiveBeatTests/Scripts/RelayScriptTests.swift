import Testing

@testable import BeatCore
@testable import BeatRedis
@testable import ReactiveBeat

/// The script that puts a message of the outbox on its queues, and the one that reads the outbox.
@Suite struct RelayScriptTests {
  private let server: RedisServer
  private let broker: BlockingClient

  init() throws {
    server = try RedisServer()
    broker = try server.client()
  }

  private func evaluate(
    _ script: [UInt8], _ keys: [[UInt8]], _ arguments: [[UInt8]], as client: BlockingClient?
  ) -> RedisReply? {
    (client ?? broker).call([Array("EVAL".utf8), script, Array("\(keys.count)".utf8)] + keys + arguments)
  }

  private func dedup(_ id: String) -> [UInt8] { RedisKeys.delivered(TaskID(text: id)) }

  private func relay(
    _ id: String, to lists: String..., after predecessors: [String] = [], message: [UInt8]? = nil,
    as client: BlockingClient? = nil
  ) -> [String?]? {
    let reply = evaluate(
      PackageResources.relay_lua, ([id] + predecessors).map(dedup) + lists.map { Array($0.utf8) },
      [message ?? Array("message of \(id)".utf8), Array("604800".utf8), Array("\(predecessors.count)".utf8)],
      as: client)
    return reply?.array?.map(\.text) ?? [reply?.error?.message]
  }

  private func list(_ name: String) -> [String] { broker("LRANGE", name, "0", "-1")?.array?.compactMap(\.text) ?? [] }

  // MARK: relay.lua

  @Test func once() {
    #expect(relay("1", to: "q") == ["OK"])
    for _ in 0..<3 { #expect(relay("1", to: "q") == ["DUPLICATE"]) }
    #expect(relay("2", to: "q") == ["OK"])
    // The newest message is at the head, as the workers expect it.
    #expect(list("q") == ["message of 2", "message of 1"])
  }

  /// A worker has taken the message, and its delivery note is still there.
  @Test func onceThoughItIsGone() {
    #expect(relay("1", to: "q") == ["OK"])
    broker("DEL", "q")
    #expect(relay("1", to: "q") == ["DUPLICATE"])
    #expect(list("q") == [])
  }

  @Test func itIsKnownForAWeek() {
    _ = relay("1", to: "q")
    let left = broker("TTL", "reactivebeat:dedup:1")?.integer ?? 0
    #expect(left > 604_700 && left <= 604_800)
    broker("DEL", "reactivebeat:dedup:1")
    #expect(relay("1", to: "q") == ["OK"])
  }

  @Test func anyBytesToEachList() {
    let bytes = Array(UInt8.min...UInt8.max)
    #expect(relay("1", to: "one", "two\u{06}\u{16}3", message: bytes) == ["OK"])
    #expect(broker("LPOP", "one")?.bytes == bytes)
    #expect(broker("LPOP", "two\u{06}\u{16}3")?.bytes == bytes)
  }

  @Test func notBeforeItsPredecessors() {
    #expect(relay("3", to: "q", after: ["1", "2"]) == ["AFTER"])
    _ = relay("1", to: "q")
    #expect(relay("3", to: "q", after: ["1", "2"]) == ["AFTER"])
    #expect(broker("EXISTS", "reactivebeat:dedup:3")?.integer == 0)
    _ = relay("2", to: "q")
    #expect(relay("3", to: "q", after: ["1", "2"]) == ["OK"])
    #expect(list("q") == ["message of 3", "message of 2", "message of 1"])
    broker("DEL", "reactivebeat:dedup:1")
    #expect(relay("3", to: "q", after: ["1", "2"]) == ["DUPLICATE"])
  }

  @Test func aQueueThatIsNoList() {
    broker("SET", "two", "x")
    #expect(relay("1", to: "one", "two", "three") == ["BADQUEUE", "two", "string"])
    #expect(broker("KEYS", "*")?.array?.compactMap(\.text) == ["two"])
    broker("DEL", "two")
    #expect(relay("1", to: "one", "two", "three") == ["OK"])
    // A repeat stays a repeat, whatever became of the queue.
    broker("SET", "two", "x")
    #expect(relay("1", to: "one", "two", "three") == ["DUPLICATE"])
  }

  private func client(_ rules: String...) throws -> BlockingClient {
    broker.call(
      ["ACL", "SETUSER", "limited", "reset", "on", "nopass", "&*", "+@all"].map { Array($0.utf8) }
        + rules.map { Array($0.utf8) })
    let client = try server.client()
    client("AUTH", "limited", "any")
    return client
  }

  @Test func aPushThatIsRefusedLeavesNothing() throws {
    let answer = relay("1", to: "q", as: try client("~*", "-lpush"))
    #expect(answer?.prefix(2) == ["ERR", "LPUSH"] && answer?.count == 3)
    #expect(broker("DBSIZE")?.integer == 0)
    #expect(relay("1", to: "q") == ["OK"])
  }

  @Test func aNoteThatIsRefusedLeavesNothing() throws {
    let answer = relay("1", to: "q", as: try client("~*", "-set"))
    #expect(answer?.prefix(2) == ["ERR", "SET"] && answer?.count == 3)
    #expect(broker("DBSIZE")?.integer == 0)
  }

  @Test func aQueueThatIsNotAllowed() throws {
    let limited = try client("~reactivebeat:dedup:*", "~mine")
    #expect(relay("1", to: "mine", "other", as: limited)?.first??.hasPrefix("NOPERM") == true)
    #expect(broker("DBSIZE")?.integer == 0)
    #expect(relay("1", to: "mine", as: limited) == ["OK"])
  }

  @Test func outOfMemory() {
    broker("CONFIG", "SET", "maxmemory", "1")
    #expect(relay("1", to: "q")?.last??.contains("OOM") == true)
    broker("CONFIG", "SET", "maxmemory", "0")
    #expect(broker("DBSIZE")?.integer == 0)
    #expect(relay("1", to: "q") == ["OK"])
  }

  @Test func answers() {
    func outcome(_ words: String...) -> RelayOutcome { RelayOutcome(.array(words.map { .string(Array($0.utf8)) })) }
    #expect(outcome("OK") == .delivered)
    #expect(outcome("DUPLICATE") == .duplicate)
    #expect(outcome("AFTER") == .tooSoon)
    #expect(
      outcome("BADQUEUE", "slow\u{06}\u{16}3", "hash")
        == .refused(
          #"the queue's key slow, priority 3 (key "slow\x06\x163") on the broker holds a Redis hash, not a list: rename "#
            + "or delete it"))
    // The text is Redis' error, with what to do about it.
    let (full, replica) = (RedisServerError("OOM x").text, RedisServerError("READONLY x").text)
    #expect(outcome("ERR", "LPUSH", "OOM x") == .unable("the broker refused LPUSH: \(full)"))
    #expect(outcome("ERR", "SET", "READONLY x") == .wrongServer(replica))
    #expect(outcome("ERR", "SET", "-READONLY x") == .wrongServer(replica))
    #expect(RelayOutcome(.error(RedisServerError("OOM x"))) == .unable("the broker refused it: \(full)"))
    #expect(RelayOutcome(.error(RedisServerError("READONLY x"))) == .wrongServer(replica))
    #expect(RelayOutcome(nil) == .unknown)
    for other in [RedisReply.integer(1), .array([]), .null, .status("OK")] {
      // An answer to another question.
      #expect(RelayOutcome(other) == .unknown, "\(other)")
    }
  }

  /// A user who may not take back a message that was pushed to one of several lists does not push it there again.
  @Test(.needsRedis7("rights to read or to write a key")) func withoutLPOPNothingComesTwice() throws {
    let limited = try client("%R~*", "%W~reactivebeat:dedup:*", "%W~one", "-lpop")
    for _ in 0..<3 { _ = relayUndeclared("1", to: "one", "two", as: limited) }
    #expect(list("one").count <= 1, "\(list("one"))")
  }

  /// Like `relay`, but with a script that declares no keys, so that the ACL judges each command.
  private func relayUndeclared(_ id: String, to lists: String..., as client: BlockingClient) -> RedisReply? {
    let keys = [dedup(id)] + lists.map { Array($0.utf8) }
    let table = keys.map { "'" + String(decoding: $0, as: UTF8.self) + "'" }.joined(separator: ",")
    let script = "local KEYS = {\(table)}\n" + String(decoding: PackageResources.relay_lua, as: UTF8.self)
    return evaluate(Array(script.utf8), [], [Array("m".utf8), Array("60".utf8), Array("0".utf8)], as: client)
  }

  /// Where the delivery note may be written and not deleted, a message whose push was refused is still tried again.
  @Test func aRefusedPushIsNoDuplicate() throws {
    let limited = try client("~*", "-lpush", "-del")
    #expect(relay("1", to: "q", as: limited)?.prefix(2) == ["ERR", "LPUSH"])
    #expect(eventually { broker("EXISTS", "reactivebeat:dedup:1")?.integer == 0 })
    #expect(relay("1", to: "q") == ["OK"])
  }

  // MARK: outbox.lua

  @Test func ofALongItemOnlyTheBeginningIsTold() {
    broker("LPUSH", "outbox", String(repeating: "x", count: 1001), "b")
    let head = String(repeating: "x", count: 100)
    #expect(outbox(skipping: 0, count: 9, bytes: 9999) == ["2", head, "b"])
    #expect(outbox(skipping: 1, through: head, count: 9, bytes: 9999) == ["2", "b"])
  }

  private func outbox(skipping: Int, through newest: String = "", count: Int, bytes: Int) -> [String]? {
    evaluate(
      PackageResources.outbox_lua, [Array("outbox".utf8)],
      [skipping, count, bytes].map { Array("\($0)".utf8) } + [Array(newest.utf8), Array("1000".utf8)], as: nil)?.array?
      .map {
        $0.text ?? $0.integer.map { "\($0)" } ?? "?"
      }
  }

  @Test func readsTheOldest() {
    #expect(outbox(skipping: 0, count: 9, bytes: 99) == ["0"])
    for word in ["a", "b", "c", "d"] { broker("LPUSH", "outbox", word) }
    #expect(outbox(skipping: 0, count: 9, bytes: 99) == ["4", "a", "b", "c", "d"])
    #expect(outbox(skipping: 0, count: 2, bytes: 99) == ["4", "a", "b"])
    #expect(outbox(skipping: 2, count: 2, bytes: 99) == ["4", "c", "d"])
    #expect(outbox(skipping: 3, count: 2, bytes: 99) == ["4", "d"])
    #expect(outbox(skipping: 4, count: 2, bytes: 99) == ["4"])
    #expect(outbox(skipping: 99, count: 2, bytes: 99) == ["4"])
    #expect(outbox(skipping: 0, count: 0, bytes: 0) == ["4"])
    #expect(outbox(skipping: 0, count: 9, bytes: 2) == ["4", "a", "b"])
    // The first item is read, however long it is.
    #expect(outbox(skipping: 1, count: 9, bytes: 0) == ["4", "b"])
    #expect(outbox(skipping: 2, through: "b", count: 2, bytes: 99) == ["4", "c", "d"])
    #expect(outbox(skipping: 4, through: "d", count: 2, bytes: 99) == ["4"])
    // An item that was passed over has been removed.
    broker("LREM", "outbox", "0", "a")
    #expect(outbox(skipping: 2, through: "b", count: 2, bytes: 99) == ["-1"])
    #expect(outbox(skipping: 4, through: "d", count: 2, bytes: 99) == ["-1"])
  }

  @Test func anOutboxThatIsNoList() {
    broker("SET", "outbox", "x")
    let reply = evaluate(
      PackageResources.outbox_lua, [Array("outbox".utf8)], ["0", "1", "1", "", "1000"].map { Array($0.utf8) }, as: nil)
    #expect(reply?.error?.message.contains("WRONGTYPE") == true)
  }
}
