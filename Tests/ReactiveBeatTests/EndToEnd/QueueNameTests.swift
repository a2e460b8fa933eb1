import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// A document's queue has the workers' separator in its name, so no worker would run its messages.
@Suite struct QueueNameTests {
  @Test func isToldBeforeAMessageLiesThere() throws {
    let stage = try Stage()
    let document = schedule("a", #", "queue": "reports\u0006\u00163""#)
    let daemon = try stage.daemon()
    stage.set("b", schedule("b", #", "queue": "reports""#))
    stage.set("a", document)
    let line = try daemon.wait(for: "doubtful", key: stage.key("a"))
    #expect(line.reason.contains(#"reports\u{6}\u{16}3: its name holds the workers' sep"#), "\(line)")
    #expect(eventually { stage.store("HGET", "reactivebeat:tasks:meta:receipts", "a")?.text?.contains("sep") == true })
    let lint = try stage.run("lint")
    #expect(lint.lines.count == 1 && lint.text.contains("tasks:meta:a: warning: queue: reports"), "\(lint.text)")
    let doctor = try stage.run("doctor").text
    #expect(doctor.split(separator: "its name holds").count == 2, "\(doctor)")
    let set = try stage.run("set", "c", "--document", "-", input: document)
    #expect(set.text.contains("warning: queue: reports"), "\(set.text)")
    #expect(daemon.logged("doubtful", key: stage.key("b")).isEmpty)
    try daemon.stop()
  }

  /// The separator that the transport options give.
  @Test func byTheTransportOptions() throws {
    let stage = try Stage()
    stage.set("a", schedule("a", #", "options": {"queue": "eu:reports"}"#))
    let options = ["CELERY_BROKER_TRANSPORT_OPTIONS": #"{"sep": ":"}"#]
    #expect(try stage.run("lint").lines.isEmpty)
    #expect(try stage.run("lint", environment: options).text.contains("options.queue: eu:reports: its name holds"))
  }
}
