import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// Documents whose messages could end a worker, or be lost in it. Real workers show which ones do, and the daemon
/// refuses those.
@Suite struct HostileMessageTests {
  /// Each document is set aside, and the reason begins with the field: in the log, in the receipt, and in `lint`.
  @Test func whatWorkersCannotReadIsRefused() throws {
    let stage = try Stage()
    let daemon = try stage.daemon()
    for (index, (fields, _)) in HostileMessages.unreadable.enumerated() {
      stage.set("x\(index)", schedule("n", task: "recorder.record", fields + atOnce))
    }
    for (index, (fields, field)) in HostileMessages.unreadable.enumerated() {
      let line = try daemon.wait(for: "rejected", key: stage.key("x\(index)"))
      #expect(line.reason.hasPrefix(field), "\(fields.prefix(80)): \(line.reason)")
    }
    #expect(daemon.logged("fired").isEmpty)
    let lint = try stage.run("lint").text
    for index in HostileMessages.unreadable.indices { #expect(lint.contains("x\(index):"), "\(index)") }
    try daemon.stop()
  }

  /// A worker takes every accepted message, and an ordinary one after them. None is lost without a log line.
  @Test(.needsWorkers, arguments: CeleryWorker.Version.allCases)
  func whatIsAcceptedEndsNoWorker(_ version: CeleryWorker.Version) throws {
    // A worker of the test's own, since it may end.
    let worker = try CeleryWorker(version)
    let stage = try Stage(on: worker.server)
    let daemon = try stage.daemon()
    let results = try worker.server.client()
    results("SELECT", "2")
    let records = try worker.server.client()
    records("SELECT", "3")
    let documents =
      HostileMessages.readable.map { schedule("n", task: "recorder.record", $0 + atOnce) }
      + HostileMessages.tasks.map { schedule("n", task: $0, atOnce) }
    for (index, document) in documents.enumerated() {
      stage.set("x\(index)", document)
      #expect(eventually { stage.watermark("x\(index)")?.taskID != nil })
      let id = try #require(
        stage.watermark("x\(index)")?.taskID, "not fired: \(document.prefix(200))\n\(daemon.output)")
      let isDone = eventually(within: 20) {
        results("EXISTS", "celery-task-meta-\(id)")?.integer == 1 || records("EXISTS", "record:\(id)")?.integer == 1
      }
      try #require(isDone, "neither run nor failed: \(document.prefix(200))\n\(worker.logEnd)")
    }
    stage.set("ordinary", schedule("n", task: "recorder.record", #", "args": ["after all"]\#(atOnce)"#))
    #expect(eventually { stage.watermark("ordinary")?.taskID != nil })
    let last = try #require(stage.watermark("ordinary")?.taskID)
    #expect(try worker.record(last.description)["args"] == .string("('after all',)"))
    try daemon.stop()
  }
}
