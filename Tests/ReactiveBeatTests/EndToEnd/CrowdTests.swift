import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// A schedule that is due each second fires in time beside others that use all of Redis' and the daemon's capacity.
@Suite(.serialized) struct CrowdTests {
  private static func crowd(_ number: Int, _ more: String) -> String {
    schedule("crowd-\(number)", every: "0.01", #", "queue": "crowd""# + more)
  }

  @Test(arguments: [
    (300, #", "catchup": "all", "last_run_at": "2000-01-01T00:00:00Z""#),
    (3_000, #", "last_run_at": "2000-01-01T00:00:00Z""#),
  ])
  func theVictimKeepsItsSecond(count: Int, more: String) throws {
    let stage = try Stage()
    for number in 0..<count { stage.set("crowd-\(number)", Self.crowd(number, more)) }
    stage.set("victim", schedule("victim", every: "1", #", "catchup": "none""#))
    let daemon = try stage.daemon()
    try daemon.wait(for: "leading", within: 30)
    // The crowd's queue is emptied, so that the server's memory does not grow.
    #expect(
      eventually(within: 40) {
        stage.broker("DEL", "crowd")
        return stage.count("victim") >= 10
      }, "\(stage.count("victim"))")
    // Each second's run was sent once: none was late enough to be left out.
    let last = try #require(stage.watermark("victim"))
    let expected = stage.taskIDs("victim", last: last.due, every: 1_000_000, count: Int(last.totalRunCount))
    #expect(stage.messages().map(\.id).starts(with: expected))
    // Each schedule of the crowd has fired.
    let watermarks = (0..<count).map { stage.count("crowd-\($0)") }
    #expect(watermarks.allSatisfy { $0 > 0 })
    let busy = try stage.run("doctor")
    #expect(busy.lines.contains { $0.contains("load") && $0.contains("not keep the pace") }, "\(busy.text)")
    let status = try stage.run("status", "--json")
    #expect(status.text.contains(#""congestion":{"behind":"#), "\(status.text)")
    #expect(!status.text.contains("does not say why"), "\(status.text)")
    try daemon.stop(within: 15)
  }

  @Test func theRateIsKept() throws {
    let stage = try Stage()
    for number in 0..<20 { stage.set("crowd-\(number)", Self.crowd(number, #", "catchup": "all""#)) }
    let daemon = try stage.daemon(["BEAT_WATCH_MAX_RATE": "50"])
    try daemon.wait(for: "leading")
    let start = try stage.second()
    #expect(eventually(within: 20) { (0..<20).reduce(0) { $0 + stage.count("crowd-\($1)") } >= 200 })
    let took = try stage.second().microseconds(since: start)
    // A second's worth of fires goes at once, and then fifty a second at most. The clock is read in whole seconds.
    #expect(took >= 2_000_000, "\(took)")
    #expect(eventually(within: 15) { (try? stage.run("doctor").text.contains("held back by --max-rate")) == true })
    try daemon.stop()
  }

  @Test func aShorterIntervalIsRejectedInTheSameWords() throws {
    let stage = try Stage()
    stage.set("often", schedule("often", every: "5"))
    stage.set("seldom", schedule("seldom", every: "300"))
    stage.set("crontab", #"{"name": "c", "task": "t", "enabled": true, "crontab": {"minute": "*"}}"#)
    let environment = ["BEAT_WATCH_SHORTEST_INTERVAL": "120"]
    let daemon = try stage.daemon(environment)
    let words = "5 seconds is too short; the shortest interval is 2 minutes"
    #expect(try daemon.wait(for: "rejected", key: stage.key("often")).reason.contains(words))
    #expect(
      try daemon.wait(for: "rejected", key: stage.key("crontab")).reason.contains(
        "1 minute from one run to the next is too short; the shortest interval is 2 minutes"))
    #expect(daemon.logged("rejected", key: stage.key("seldom")).isEmpty)
    let lint = try stage.run(["lint"], environment: environment)
    #expect(lint.text.contains(words), "\(lint.text)")
    try daemon.stop()
  }
}
