@testable import BeatCore
@testable import ReactiveBeat

/// One call of the fire script; a scenario changes one thing of it.
struct FireCall {
  var document = Array("tasks:meta:a".utf8)
  var watermark = Array("reactivebeat:tasks:meta:mark".utf8)
  var lease = Array("reactivebeat:tasks:meta:lease".utf8)
  var lists = [Array("celery".utf8)]
  var token = ""
  var old = Array("old".utf8)
  var new = Array("new".utf8)
  var message = Array("message".utf8)
  var entry = Array("a".utf8)
  var due = UnixTime(microseconds: 1_700_000_000_000_000)
  var id = "5f8bd2a1-8f0c-5d5e-9f3a-0c1d2e3f4a5b"
  var count: Int64 = 3
  var maximumLead: Int64 = 50_000
  var longest = "0"
  var history = Array("reactivebeat:tasks:meta:history".utf8)
  var historyLength = "0"
  var why = "schedule"

  /// The call for another schedule, whose message has the schedule's name.
  static func of(_ entry: String) -> FireCall {
    var call = FireCall()
    (call.document, call.entry) = (Array("tasks:meta:\(entry)".utf8), Array(entry.utf8))
    (call.message, call.id) = (Array("message \(entry)".utf8), "id \(entry)")
    return call
  }

  /// The watermark that the call stores.
  var stored: String {
    String(decoding: Watermark(due: due, taskID: TaskID(text: id), totalRunCount: count).bytes, as: UTF8.self)
  }
}

/// Runs the fire script on a server, and collects what a scenario finds wrong.
final class FireBench {
  private let server: RedisServer
  private let script: String
  let storeDatabase: Int
  let brokerDatabase: Int
  /// A client on the store's database.
  let store: BlockingClient
  /// A client on the broker's database.
  let broker: BlockingClient
  private(set) var complaints: [String] = []

  /// Empties the server, and stores the document of `FireCall`.
  init(_ script: String, on server: RedisServer, store: Int = 1, broker: Int = 0) throws {
    (self.server, self.script, storeDatabase, brokerDatabase) = (server, script, store, broker)
    (self.store, self.broker) = try (server.client(), server.client())
    self.store("FLUSHALL")
    self.store("SELECT", "\(store)")
    self.broker("SELECT", "\(broker)")
    self.store("SET", "tasks:meta:a", "old")
  }

  /// Returns the first word of the answer; for an error, its text.
  @discardableResult
  func fire(_ call: FireCall = FireCall(), as client: BlockingClient? = nil) -> String {
    let reply = answer(call, as: client)
    return reply?.array?.first?.text ?? reply?.text ?? reply?.error?.message ?? "no answer"
  }

  /// Returns the answer to one occurrence; an error of the whole script counts as one.
  func answer(_ call: FireCall, as client: BlockingClient? = nil) -> RedisReply? {
    let reply = answer([call], as: client)
    return reply?.array?.first ?? reply
  }

  /// Fires several occurrences in one call, with the shared arguments of the first. Returns the first word of each
  /// answer.
  func fire(_ calls: [FireCall], as client: BlockingClient? = nil) -> [String] {
    (answer(calls, as: client)?.array ?? []).map { $0.array?.first?.text ?? $0.text ?? "no answer" }
  }

  private func answer(_ calls: [FireCall], as client: BlockingClient?) -> RedisReply? {
    guard let first = calls.first else { return nil }
    let keys = [first.watermark, first.lease, first.history] + first.lists + calls.map(\.document)
    let shared = [
      first.token, "\(first.maximumLead)", "\(storeDatabase)", "\(brokerDatabase)", first.longest,
      first.historyLength, "\(first.lists.count)",
    ]
    let arguments = calls.flatMap { call -> [[UInt8]] in
      let kept = zip(call.old, call.new).prefix { $0 == $1 }.count
      return [
        call.entry, Array(call.stored.utf8), call.old, Array("\(kept)".utf8), Array(call.new.dropFirst(kept)),
        call.message, Array(call.why.utf8),
      ]
    }
    return (client ?? store).call(
      [Array("EVAL".utf8), Array(script.utf8), Array("\(keys.count)".utf8)] + keys + shared.map { Array($0.utf8) }
        + arguments)
  }

  /// A client of a user who may use all commands but these.
  func client(without commands: [String]) throws -> BlockingClient {
    let rules = commands.map { Array("-\($0)".utf8) }
    store.call(
      ["ACL", "SETUSER", "limited", "reset", "on", "nopass", "~*", "&*", "+@all"].map { Array($0.utf8) } + rules)
    let client = try server.client()
    client("AUTH", "limited", "any")
    client("SELECT", "\(storeDatabase)")
    return client
  }

  func messages(_ list: String = "celery") -> [String] {
    broker("LRANGE", list, "0", "-1")?.array?.compactMap(\.text) ?? []
  }
  var document: String? { document("a") }
  func document(_ entry: String) -> String? { store("GET", "tasks:meta:\(entry)")?.text }
  var watermark: String? { watermark("a") }
  func watermark(_ entry: String) -> String? { store("HGET", "reactivebeat:tasks:meta:mark", entry)?.text }

  /// The server's time.
  func now() -> UnixTime {
    let parts = store("TIME")?.array?.compactMap { $0.text.flatMap { Int64($0) } } ?? []
    return UnixTime(microseconds: parts.count == 2 ? parts[0] * 1_000_000 + parts[1] : 0)
  }

  func check<Value: Equatable>(_ what: String, _ found: Value, _ expected: Value) {
    if found != expected { complaints.append("\(what) is \(found) and not \(expected)") }
  }

  func check(_ what: String, _ holds: Bool) {
    if !holds { complaints.append(what) }
  }

  /// Expects document, watermark and queue to be untouched.
  func checkUntouched(_ what: String) {
    check("\(what): the document", document, "old")
    check("\(what): the watermark", watermark, nil)
    check("\(what): the queue", messages(), [])
  }
}
