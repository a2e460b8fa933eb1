import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// A fire changes the document and the watermark, and is logged.
@Suite struct BookkeepingTests {
  /// Fires a document once. Returns the document after the fire, and the fire's log line.
  private func fire(_ document: String) throws -> (after: String, line: LogLine, stage: Stage) {
    let stage = try Stage()
    stage.set("a", document)
    let daemon = try stage.daemon()
    let line = try daemon.wait(for: "fired", key: stage.key("a"))
    try daemon.stop()
    return (try #require(stage.document("a")), line, stage)
  }

  /// A fire changes only `last_run_at` and `total_run_count`: spacing, order, unknown fields and the spelling of
  /// numbers stay.
  @Test func everyOtherByteStays() throws {
    let before = """
      {\t"total_run_count" :  7 ,
        "name": "n\\u0061me", "unknown": [1.50, {"x": 1e+22}, "\\/"],
        "last_run_at": {"$date": "2025-01-01T00:00:00.000Z"} , "task":"t","enabled":true,
        "key": "tasks:meta:a", "delete_key": null,
        "interval":{"every":1,"period":"hours"}   }

      """
    let (after, line, stage) = try fire(before)
    let due = try line.time("due")
    let count = try #require(before.firstRange(of: "7 ,"))
    let date = try #require(before.firstRange(of: "2025-01-01T00:00:00.000Z"))
    let expected =
      before[..<count.lowerBound] + "8 ," + before[count.upperBound..<date.lowerBound] + due.iso8601
      + before[date.upperBound...]
    #expect(after == String(expected))
    let watermark = try #require(stage.watermark("a"))
    #expect(try (watermark.due, watermark.taskID, watermark.totalRunCount) == (due, TaskID(text: line.text("id")), 8))
  }

  @Test func absentFieldsAreAdded() throws {
    let (after, line, _) = try fire(schedule("a", atOnce))
    let due = CivilTime(utc: try line.time("due"))
    #expect(
      after
        == schedule(
          "a",
          #", "run_immediately": false, "last_run_at": {"__type__": "datetime", "year": \#(due.year), "#
            + #""month": \#(due.month), "day": \#(due.day), "hour": \#(due.hour), "minute": \#(due.minute), "#
            + #""second": \#(due.second), "microsecond": \#(due.microsecond)}, "total_run_count": 1"#))
  }

  @Test func timeToLiveStays() throws {
    let stage = try Stage()
    let daemon = try stage.daemon()
    stage.store("SET", stage.key("a"), schedule("a", atOnce), "EX", "500")
    try daemon.wait(for: "fired", key: stage.key("a"))
    let left = stage.store("TTL", stage.key("a"))?.integer ?? 0
    #expect(left > 400 && left <= 500)
    #expect(stage.document("a")?.contains(#""total_run_count": 1"#) == true)
  }

  /// The log line of a fire says what was sent, when it was due, and how late it was.
  @Test func lineOfAFire() throws {
    let (_, line, stage) = try fire(
      schedule("a", task: "reports.build", #", "queue": "slow", "priority": 5\#(atOnce)"#))
    #expect(line.level == "info")
    #expect(line["task"] == "reports.build")
    #expect(line["queue"] == "slow")
    let lateness = try #require(line.number("late_ms"))
    #expect(lateness >= 0 && lateness < 5000)
    let message = try #require(stage.messages("slow\u{06}\u{16}3").first)
    #expect(stage.broker("DBSIZE")?.integer == 3)  // the queue's list and two sets of bindings
    #expect(message.id == line["id"])
    #expect(message.task == "reports.build")
    #expect(message.property("priority") == .number(5))
    #expect(message.property("correlation_id") == message.header("id"))
    #expect(
      stage.broker("SMEMBERS", "_kombu.binding.slow")?.array?.compactMap(\.text) == ["slow\u{06}\u{16}\u{06}\u{16}slow"]
    )
  }

  /// Each occurrence is sent once, none is left out, and the document has their number and the last one's time.
  @Test func consecutiveOccurrences() throws {
    let stage = try Stage()
    let daemon = try stage.daemon()
    stage.set("a", schedule("a", every: "0.1", #", "catchup": "all""#))
    for _ in 0..<8 { try daemon.wait(for: "fired", key: stage.key("a")) }
    try daemon.stop()
    let watermark = try #require(stage.watermark("a"))
    let ids = stage.messages().map(\.id)
    #expect(Int64(ids.count) == watermark.totalRunCount)
    #expect(ids == stage.taskIDs("a", last: watermark.due, every: 100_000, count: ids.count))
    #expect(daemon.logged("fired").map { $0["id"] } == ids)
    #expect(stage.document("a")?.contains(#""total_run_count": \#(watermark.totalRunCount)"#) == true)
    let dues = try daemon.logged("fired").map { try $0.time("due") }
    #expect(zip(dues, dues.dropFirst()).allSatisfy { $1.microseconds(since: $0) == 100_000 })
    #expect(try daemon.logged("fired").allSatisfy { try $0.time("ts").microseconds(since: $0.time("due")) > -1000 })
  }

  /// A burst of fires makes at most 20 lines a second. The others are folded into one line with their number, so the
  /// sum is right.
  @Test func foldedLines() throws {
    let stage = try Stage()
    let count = 500
    for index in 0..<count { stage.set("n\(index)", schedule("n\(index)", atOnce)) }
    let daemon = try stage.daemon()
    #expect(eventually { stage.broker("LLEN", "celery")?.integer == Int64(count) })
    let folded = try daemon.wait(for: "fired") { $0.number("count") != nil }
    #expect((folded.number("worst_late_ms") ?? -1) >= 0)
    #expect(folded.key == nil)
    try daemon.stop()
    let lines = daemon.logged("fired")
    // All fires fall within one second; on a busy machine perhaps within two.
    #expect(lines.count(where: { $0.number("count") == nil }) == 20)
    #expect(lines.count <= 22)
    #expect(lines.reduce(0) { $0 + ($1.number("count") ?? 1) } == Double(count))
    #expect(daemon.logged("stopped").first?.number("fired") == Double(count))
    #expect(Set(stage.messages().map(\.id)).count == count)
  }

  /// While there are many fires each second there is one line each second, and one at the end.
  @Test func foldedLinesGoOn() throws {
    let stage = try Stage()
    for index in 0..<10 { stage.set("n\(index)", schedule("n\(index)", every: "0.1", #", "catchup": "all""#)) }
    let daemon = try stage.daemon()
    for _ in 0..<3 { try daemon.wait(for: "fired") { $0.number("count") != nil } }
    // The daemon stops in the middle of a second, so that some lines are not written yet.
    let some = stage.messages().count + 20
    #expect(eventually { stage.messages().count >= some })
    try daemon.stop()
    let lines = daemon.logged("fired")
    let pushed = stage.messages().count
    #expect(lines.reduce(0) { $0 + ($1.number("count") ?? 1) } == Double(pushed))
    #expect(pushed > 100)
    // There are 20 single lines at the beginning, and 20 more after each second of a busy machine without a fire. Then
    // there is one folded line for each second, and one for the rest at the end.
    let folded = lines.filter { $0.number("count") != nil }
    let first = try #require(lines.first).time("ts")
    let seconds = try #require(lines.last).time("ts").microseconds(since: first) / 1_000_000
    #expect(folded.count <= Int(seconds) + 2 && lines.count - folded.count <= 40, "\(seconds) s")
  }

  /// What another client writes between two fires stays, and the next fire puts the daemon's own values back.
  @Test func staleCopyWrittenBack() throws {
    let stage = try Stage()
    let daemon = try stage.daemon()
    stage.set("a", schedule("a", every: "0.3", #", "args": [1]\#(atOnce)"#))
    try daemon.wait(for: "fired", key: stage.key("a"))
    let first = try #require(stage.watermark("a"))
    // An editor had loaded this copy before the fire; the user has changed its argument.
    stage.set("a", schedule("a", every: "0.3", #", "args": [2], "run_immediately": false"#))
    try daemon.wait(for: "fired", key: stage.key("a")) { (try? $0.time("due")) ?? first.due > first.due }
    try daemon.stop()
    let ids = stage.messages().map(\.id)
    #expect(Set(ids).count == ids.count)
    let watermark = try #require(stage.watermark("a"))
    #expect(watermark.totalRunCount == Int64(ids.count))
    #expect(stage.document("a")?.contains(#""total_run_count": \#(ids.count)"#) == true)
    #expect(stage.document("a")?.contains(#""args": [2]"#) == true)
  }

  /// A schedule that is made again under the same name does not repeat a run that was fired.
  @Test func deletedAndMadeAgain() throws {
    let stage = try Stage()
    let daemon = try stage.daemon()
    stage.set("a", schedule("a", atOnce))
    let first = try daemon.wait(for: "fired", key: stage.key("a"))
    stage.store("DEL", stage.key("a"))
    try daemon.wait(for: "removed", key: stage.key("a"))
    stage.set("a", schedule("a", atOnce))
    let second = try daemon.wait(for: "fired", key: stage.key("a"))
    #expect(first["id"] != second["id"])
    #expect(try second.time("due") > first.time("due"))
    #expect(stage.messages().map(\.id) == [first["id"], second["id"]])
  }

  /// A restart neither repeats nor postpones a run.
  @Test func restart() throws {
    let stage = try Stage()
    stage.set("a", schedule("a", every: "0.2", #", "catchup": "all""#))
    for _ in 0..<3 {
      let daemon = try stage.daemon()
      for _ in 0..<2 { try daemon.wait(for: "fired", key: stage.key("a")) }
      try daemon.kill()
    }
    let ids = stage.messages().map(\.id)
    let watermark = try #require(stage.watermark("a"))
    #expect(ids.count >= 6)
    #expect(ids == stage.taskIDs("a", last: watermark.due, every: 200_000, count: ids.count))
  }
}
