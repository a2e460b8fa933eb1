import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// The slow look at everything finds what no event has told of, and nothing else.
@Suite struct AuditTests {
  @Test func aSilentEditIsRepaired() throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    stage.set("b", schedule("b"))
    let daemon = try stage.daemon(["BEAT_WATCH_AUDIT_INTERVAL": "1"])
    // Without class l, SORT … STORE overwrites a schedule silently; the heartbeat's events still come.
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
      #expect(eventually { (stage.mark("often")?.totalRunCount ?? 0) >= Int64(number * 2) })
    }
    #expect(daemon.logged("repaired").isEmpty)
  }

  /// The mark of a schedule that is long gone is forgotten; a young one, and one whose schedule stands, are kept.
  @Test func oldMarksAreSwept() throws {
    let stage = try Stage()
    let old = "00001600000000000000|67a4f62f-f7ea-5860-bb13-cf025d026938|3"
    stage.set("here", schedule("here", every: "99999999"))
    for name in ["here", "gone"] { stage.store("HSET", stage.markKey, name, old) }
    let young = String(decoding: Mark(due: SystemClock.now(), taskID: nil, totalRunCount: 1).bytes, as: UTF8.self)
    stage.store("HSET", stage.markKey, "young", young)
    let daemon = try stage.daemon(["BEAT_WATCH_AUDIT_INTERVAL": "1"])
    #expect(try daemon.wait(for: "swept").number("marks") == 1)
    #expect(stage.mark("gone") == nil)
    #expect(stage.mark("here") != nil && stage.mark("young") != nil)
  }
}
