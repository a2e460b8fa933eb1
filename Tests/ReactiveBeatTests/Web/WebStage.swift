import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat
@testable import beat_watch

/// A back end on a loop of the calling thread, asked as HTTP would ask it.
final class WebStage {
  let loop: EventLoop
  let backEnd: WebBackEnd

  struct Reply {
    let status: Int
    let json: JSONValue?
    let text: String

    subscript(key: String) -> JSONValue? { json?[key] }
    var code: String? { json?["error"]?["code"]?.text }
  }

  /// Throws: it cannot be started.
  init(_ arguments: [String], on loop: EventLoop? = nil) throws {
    self.loop = try loop ?? EventLoop()
    backEnd = try WebBackEnd(StoreSource(StoreOptions.parse(arguments)), on: self.loop)
  }

  convenience init(_ stage: Stage, on loop: EventLoop? = nil) throws {
    try self.init(
      [
        "--store-url", stage.url(stage.storeDatabase), "--broker-url", stage.url(stage.brokerDatabase), "--key-prefix",
        stage.prefix,
      ], on: loop)
  }

  deinit { backEnd.close() }

  /// Asks, and waits for the answer, at most a minute.
  @discardableResult
  func ask(
    _ method: String, _ path: String, _ query: [(String, String)] = [], _ body: String = "", role: WebRole? = .editor
  ) -> Reply {
    var answer: APIAnswer?
    let call = APICall(
      method, path.split(separator: "/").map { String($0) }, query: query.map { (name: $0.0, value: $0.1) },
      body: Array(body.utf8), role: role)
    backEnd.take(call) { [loop] in
      answer = $0
      if loop.isRunning { loop.stop() }
    }
    run(atMost: 60_000_000) { answer != nil }
    guard let answer else { return Reply(status: 0, json: nil, text: "no answer") }
    if let misfit = OpenAPI.shared.misfit(method, path, status: answer.status, JSONValue(answer.body)) {
      Issue.record("openapi.json: \(misfit)")
    }
    return Reply(
      status: answer.status, json: JSONValue(answer.body), text: String(decoding: answer.body, as: UTF8.self))
  }

  /// Runs the loop until a condition holds.
  func run(atMost microseconds: Int64, until isDone: () -> Bool) {
    let start = MonotonicTime.now()
    let timer = LoopTimer(on: loop) { [loop] in loop.stop() }
    while !isDone(), MonotonicTime.now().microseconds(since: start) < microseconds {
      timer.schedule(after: 20_000)
      loop.run()
    }
  }

  /// Asks again until the answer is as wished.
  func ask(_ method: String, _ path: String, _ query: [(String, String)] = [], until isRight: (Reply) -> Bool) -> Reply
  {
    var reply = ask(method, path, query)
    let start = MonotonicTime.now()
    while !isRight(reply), MonotonicTime.now().microseconds(since: start) < 60_000_000 {
      run(atMost: 20_000) { false }
      reply = ask(method, path, query)
    }
    return reply
  }

  /// Waits until all documents are in the index.
  func load() { _ = ask("GET", "schedules") { $0["loading"] == .bool(false) } }

  static func id(_ name: String) -> String { ScheduleID.text(of: EntryName(name)) }

  /// A body that holds a document, and what else is given.
  static func body(_ document: String, _ more: (String, String)...) -> String {
    JSONOutput.object([("document", .text(document))] + more.map { ($0.0, .text($0.1)) }).line
  }
}
