import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// A client that may write documents writes many, and large ones: log, memory and the other schedules do not suffer.
@Suite struct FloodTests {
  private let stage: Stage

  init() throws { stage = try Stage() }

  /// Edits of 300 keys that are all refused, written in pipelines: without a limit they would make a hundred thousand
  /// lines.
  private func flood(_ rounds: Int, keys: Int = 300) {
    for round in 0..<rounds {
      let words = (0..<keys).flatMap { [stage.key("n\($0)"), "{\"round\": \(round)}"] }
      stage.store.call((["MSET"] + words).map { Array($0.utf8) })
      usleep(2_000)
    }
  }

  @Test func rejectedEditsAreFolded() throws {
    stage.set("victim", schedule("victim", every: "1"))
    let daemon = try stage.daemon()
    let start = MonotonicTime.now()
    flood(300)
    // A user's own mistake in the middle of the flood: it is the first line of its key.
    stage.set("mine", "{}")
    flood(300)
    try daemon.wait(for: "rejected", key: stage.key("mine"))
    let folded = try daemon.wait(for: "rejected") { $0.number("count") != nil }
    #expect(folded.key == nil)
    #expect(folded["examples"]?.contains(stage.key("n")) == true)
    #expect(try daemon.stop(within: 5) == .status(0))
    let seconds = Int(MonotonicTime.now().microseconds(since: start) / 1_000_000) + 2
    let lines = daemon.logged("rejected")
    #expect(lines.count <= Limit.lineBurst.most + seconds * (Limit.lineRate.most + 1), "\(lines.count) in \(seconds) s")
    #expect(lines.reduce(0) { $0 + ($1.number("count") ?? 1) } > 1_000)
    #expect(daemon.logged("fired", key: stage.key("victim")).count >= 1)
  }

  /// With the longest task that is accepted, a run each 10 ms would fill the log.
  @Test func aLongTaskIsCut() throws {
    let daemon = try stage.daemon()
    stage.set(
      "long", schedule("long", every: "0.1", task: String(repeating: "\u{85}", count: Limit.taskLength.most / 2)))
    let line = try daemon.wait(for: "fired", key: stage.key("long"))
    let task = try line.text("task")
    #expect(task.utf8.count <= 203 && task.hasSuffix("…"))
    try daemon.stop()
  }

  /// 200 long documents that are refused, 60 MB in all: the daemon remembers only a digest of each.
  @Test func whatIsRefusedIsNotKept() throws {
    let daemon = try stage.daemon()
    let before = try daemon.memory()
    let refused = String(repeating: "x", count: 300_000)
    for index in 0..<200 { stage.set("n\(index)", refused) }
    #expect(eventually(within: 60) { daemon.told("rejected") == 200 })
    #expect(try daemon.memory() - before < 40_000_000)
    #expect(try daemon.stop(within: 5) == .status(0))
  }

  /// A document that is large, strange, and edited all the time delays neither other schedules nor the daemon's end.
  @Test func aLargeDocumentKeepsNobody() throws {
    stage.set("victim", schedule("victim", every: "1", #", "catchup": "all""#))
    let daemon = try stage.daemon()
    let start = MonotonicTime.now()
    var round = 0
    // The document has 100 kB, since the tests' daemon is built without optimisation.
    while MonotonicTime.now().microseconds(since: start) < 6_000_000 {
      round += 1
      stage.set("large", schedule("large", every: "1", task: String(repeating: "\u{85}", count: 50_000 - round)))
      usleep(500_000)
    }
    #expect(try daemon.stop(within: 5) == .status(0))
    #expect(daemon.logged("fired", key: stage.key("victim")).count >= 3)
  }
}
