import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// An audit reads all documents, finds the edits of which no event came, and reports no others.
@Suite struct AuditTests {
  @Test func aSilentEditIsRepaired() throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    stage.set("b", schedule("b"))
    let daemon = try stage.daemon(["BEAT_WATCH_AUDIT_INTERVAL": "1"])
    // Without class l, SORT … STORE overwrites a schedule without an event. The heartbeat's events still come.
    stage.store("CONFIG", "SET", "notify-keyspace-events", "Kg$x")
    stage.store("RPUSH", "numbers", "1")
    stage.store("SORT", "numbers", "STORE", stage.key("a"))
    let line = try daemon.wait(for: "repaired")
    #expect(line.number("count") == 1 && line.number("total") == 1)
    try daemon.wait(for: "rejected", key: stage.key("a"))
    #expect(daemon.logged("changed").isEmpty)
  }

  @Test func editsThatAreHeardAreNoRepairs() throws {
    let stage = try Stage()
    let daemon = try stage.daemon(["BEAT_WATCH_AUDIT_INTERVAL": "1"])
    stage.set("often", schedule("often", every: "0.05", #", "catchup": "all""#))
    for number in 0..<40 {
      stage.set("edited", schedule("edited", every: "\(1000 + number)"))
      #expect(eventually { (stage.watermark("often")?.totalRunCount ?? 0) >= Int64(number * 2) })
    }
    #expect(daemon.logged("repaired").isEmpty)
  }

  /// A thousand schedules are edited all the time, and some are made and deleted, so each audit runs among edits. An
  /// edit without an event is still found.
  @Test func aStormOfEditsIsNoRepair() throws {
    let stage = try Stage()
    let names = (0..<1000).map { "storm\($0)" }
    stage.store.pipeline(names.map { ["SET", stage.key($0), schedule($0)] })
    stage.set("quiet", schedule("quiet"))
    let daemon = try stage.daemon(["BEAT_WATCH_AUDIT_INTERVAL": "0.1", "BEAT_WATCH_LOG_LEVEL": "notice"])
    let start = MonotonicTime.now()
    var round = 0
    func storm(while condition: () -> Bool) {
      while condition(), MonotonicTime.now().microseconds(since: start) < 90_000_000 {
        round += 1
        let name = stage.key("fleeting\(round % 7)")
        stage.store.pipeline(
          // Many of the schedules rest for longer than an audit waits for their events.
          (0..<100).map { _ in Int.random(in: names.indices) }.map {
            ["SET", stage.key(names[$0]), schedule(names[$0], every: "\(Int.random(in: 1000...99999))")]
          } + [round % 2 == 0 ? ["SET", name, schedule("x")] : ["DEL", name]])
        // This pause makes some 1,000 edits a second.
        stage.store("BLPOP", "nobody", "0.1")
      }
    }
    // One audit of a thousand keys takes five steps of SCAN at most.
    let before = stage.scans
    storm { stage.scans < before + 10 * 5 }
    #expect(stage.scans >= before + 10 * 5)
    #expect(daemon.logged("repaired").isEmpty, "\(daemon.output)")
    let events = try #require(stage.store("CONFIG", "GET", "notify-keyspace-events")?.array?.last?.text)
    stage.store.pipeline([
      ["CONFIG", "SET", "notify-keyspace-events", ""],
      ["SET", stage.key("quiet"), schedule("quiet", every: "1234")],
      ["CONFIG", "SET", "notify-keyspace-events", events],
    ])
    storm { daemon.logged("repaired").isEmpty }
    let line = try #require(daemon.logged("repaired").first, "\(daemon.output)")
    #expect(line.number("count") == 1 && line["reason"]?.contains("quiet") == true, "\(daemon.output)")
    try daemon.stop()
  }

  /// The watermark of a schedule that was deleted long ago is removed. A young one is kept, and so is one whose
  /// schedule exists.
  @Test func oldWatermarksAreSwept() throws {
    let stage = try Stage()
    let old = "00001600000000000000|67a4f62f-f7ea-5860-bb13-cf025d026938|3"
    stage.set("here", schedule("here", every: "99999999"))
    for name in ["here", "gone"] { stage.store("HSET", stage.watermarkKey, name, old) }
    let young = String(decoding: Watermark(due: SystemClock.now(), taskID: nil, totalRunCount: 1).bytes, as: UTF8.self)
    stage.store("HSET", stage.watermarkKey, "young", young)
    let daemon = try stage.daemon(["BEAT_WATCH_AUDIT_INTERVAL": "1"])
    #expect(try daemon.wait(for: "swept").number("watermarks") == 1)
    #expect(stage.watermark("gone") == nil)
    #expect(stage.watermark("here") != nil && stage.watermark("young") != nil)
  }
}

extension Stage {
  /// The number of SCAN calls that the server has had.
  fileprivate var scans: Int {
    let statistics = store("INFO", "commandstats")?.text ?? ""
    let calls = statistics.split(separator: "\r\n").first { $0.hasPrefix("cmdstat_scan:") }
    return calls.flatMap { Int($0.dropFirst("cmdstat_scan:calls=".count).prefix(while: \.isNumber)) } ?? 0
  }
}
