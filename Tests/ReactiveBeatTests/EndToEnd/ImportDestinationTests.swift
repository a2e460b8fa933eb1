import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// An imported schedule goes where celery beat has sent it, in the same way.
@Suite struct ImportDestinationTests {
  private static let apps = ProjectFolder.tests("EndToEnd/Apps")

  private static func environment(_ more: [String: String] = [:]) -> [String: String] {
    more.merging(["PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": apps]) { $1 }
  }

  /// `routed.py` prints what celery beat itself has published for each entry.
  @Test(arguments: ["5.6", "5.7"]) func asCeleryBeatPublishes(_ celery: String) throws {
    let python = try ProjectFolder.python(celery: celery)
    let oracle = try CommandRun(
      [], program: [python, "\(Self.apps)/routed.py"], environment: Self.environment())
    let sent = oracle.lines.filter { $0.hasPrefix("{") }.compactMap { JSONValue(Array($0.utf8)) }
    #expect(oracle.exit == .status(0) && sent.count > 30, "\(oracle.lines)")

    let stage = try Stage()
    let run = try CommandRun(
      ["import", "--celery-app", "routed", "--python", python], environment: Self.environment(stage.environment()))
    #expect(!run.lines.contains("a signal was sent"), "the application's receivers must not be told of a question")
    for message in sent {
      let name = try #require(message["name"]?.text)
      // An apply_async that raises is not called for a question, and arguments that a task does not take are only told.
      if ["own", "takes_one"].contains(name) { continue }
      guard message["error"] == nil, message["routing_key"]?.text != "" else {
        #expect(run.lines.contains { $0.hasPrefix("cannot come \(name): ") }, "\(name): \(run.lines)")
        continue
      }
      let document = try #require(
        JSONValue(Array((stage.document(name) ?? "").utf8)), "\(name) did not come: \(run.lines)")
      let exchange = message["exchange"]?.text ?? ""
      #expect(document["queue"]?.text == (exchange.isEmpty ? message["routing_key"]?.text : nil), "\(name)")
      #expect(document["exchange"]?.text ?? "" == exchange, "\(name)")
      #expect(document["routing_key"] == (exchange.isEmpty ? nil : message["routing_key"]), "\(name)")
      #expect(document["priority"]?.number ?? 0 == message["priority"]?.number, "\(name)")
      #expect(document["delivery_mode"]?.number ?? 2 == message["delivery_mode"]?.number, "\(name)")
      let limits = message["limits"]?.items ?? []
      #expect(document["time_limit"] ?? .null == limits.first, "\(name)")
      #expect(document["soft_time_limit"] ?? .null == limits.last, "\(name)")
      #expect((document["expires"] == nil) == (message["expiration"] == .null), "\(name)")
      #expect((document["ignore_result"] == .bool(true)) == (message["ignore_result"] == .bool(true)), "\(name)")
    }
    func line(_ text: String) -> Bool { run.lines.contains(text) }
    #expect(line("note own: its class has an apply_async of its own, which is not called here"), "\(run.lines)")
    #expect(
      line(
        "note takes_one: its task does not take these arguments, so that celery beat would not send it; here it is sent, and fails: takes_one() missing 1 "
          + "required positional argument: 'x'"))
    #expect(
      line(
        "cannot come exchange_alone: it names the exchange elsewhere without a routing key, with which Celery sends it to a "
          + "queue without a name; name a queue"))
    #expect(line("cannot come fails: Celery refuses it: KeyError: 'size'"))
    // What the entry says itself stays, and a type that only the route knows is kept.
    #expect(stage.document("entry's result")?.contains(#""ignore_result": false"#) == true)
    #expect(stage.document("loud")?.contains("ignore_result") == false, "the task decides")
    #expect(stage.document("topic_by_type")?.contains(#""exchange_type": "topic""#) == true)
    #expect(stage.document("own")?.contains(#""shadow": "shadowed""#) == true)
  }
}
