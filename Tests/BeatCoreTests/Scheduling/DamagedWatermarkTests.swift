import Testing

@testable import BeatCore

/// Watermarks that another client has damaged, and watermarks of a newer version.
@Suite struct DamagedWatermarkTests {
  private let a = EntryName("a")
  private let document = Sample.document(#""interval": {"every": 10, "period": "seconds"}"#, interval: nil)

  /// Watermarks that cannot be read: no watermark at all, half of one, one with an invalid digest, with a time after
  /// all others, or with a negative one.
  static let damaged = [
    "", "x", "00001772452800000000", "00001772452800000000|", "00001772452800000000||", "00001772452800000000||x",
    "00001772452800000000||1|notadigest", "99999999999999999999||0|12345678", "-0001772452800000000||1|12345678",
    "zzzzzzzzzzzzzzzzzzzz||0",
  ]

  private func read(_ bench: inout SchedulerBench, _ watermark: String) -> [Scheduler.Action] {
    bench.receive(
      .read(a, Scheduler.DocumentRead(.document(Array(document.utf8)), WatermarkState(Array(watermark.utf8)))))
  }

  private func mends(_ actions: [Scheduler.Action]) -> [(from: [UInt8], to: Watermark)] {
    actions.compactMap { if case .mend(_, let from, let to) = $0 { (from, to) } else { nil } }
  }

  private func isAnchored(_ actions: [Scheduler.Action]) -> Bool {
    actions.contains { if case .anchor = $0 { true } else { false } }
  }

  @Test(arguments: damaged) func isNeitherAbsentNorRead(_ text: String) {
    #expect(WatermarkState(Array(text.utf8)) == .unreadable(Array(text.utf8)))
    #expect(WatermarkState(nil) == .absent)
  }

  /// Storing a first watermark beside the damaged one would be refused for ever. The damaged one is reported, and
  /// replaced once, by comparison with all its bytes.
  @Test(arguments: damaged) func isToldAndReplacedAndNotAskedForAgain(_ text: String) throws {
    var bench = SchedulerBench.watching()
    let actions = read(&bench, text)
    #expect(!isAnchored(actions))
    #expect(actions.contains(.report(.watermarkDamaged(a, Array(text.utf8)))))
    let mend = try #require(mends(actions).first)
    #expect(mend.from == Array(text.utf8) && mend.to.due <= bench.now)
    // The same damage is reported once, and not replaced again in the same moment.
    var count = 1
    for _ in 0..<20 {
      let again = read(&bench, text)
      #expect(!again.contains(.report(.watermarkDamaged(a, Array(text.utf8)))) && !isAnchored(again))
      #expect(!again.contains(.read(a)))
      count += mends(again).count
    }
    #expect(count == 1)
  }

  /// Another client damages the watermark again and again: it is replaced with longer and longer pauses, up to a
  /// minute.
  @Test func isReplacedWithPausesAndNeverGivenUp() {
    var bench = SchedulerBench.watching()
    let hourly = Array(Sample.document(#""interval": {"every": 1, "period": "hours"}"#, interval: nil).utf8)
    func isReplaced(_ text: String, _ bench: inout SchedulerBench) -> Bool {
      let damage = WatermarkState(Array(text.utf8))
      return !mends(bench.receive(.read(a, Scheduler.DocumentRead(.document(hourly), damage)))).isEmpty
    }
    var times: [Int] = []
    for second in 0..<600 {
      for text in ["x\(second)", "y\(second)", "z\(second)"] where isReplaced(text, &bench) {
        times.append(second)
      }
      _ = bench.pass(1)
    }
    #expect(times.prefix(7) == [0, 1, 3, 7, 15, 31, 63])
    #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 <= 60 } && (times.last ?? 0) > 500, "\(times)")
  }

  /// A fire shows that the watermark is good, so the next damage counts as a new one.
  @Test func aFireEndsTheDamage() throws {
    var bench = SchedulerBench.watching()
    for _ in 0..<20 {
      #expect(mends(read(&bench, "x")).count == 1)
      let plan = try #require(bench.pass(10).fires.first)
      _ = bench.receive(.fireEnded(plan, .fired))
      #expect(bench.scheduler.oddities.isEmpty)
    }
  }

  /// A watermark that is longer than allowed cannot be read, whatever it begins with, and is not written back with each
  /// fire.
  @Test func isNoLongerThanItMayBe() throws {
    let start = "00001772452800000000||7|12345678|"
    let longest = start + String(repeating: "x", count: Limit.watermarkLength.most - start.utf8.count)
    #expect(WatermarkState(Array(longest.utf8)).watermark?.trailing.isEmpty == false)
    #expect(WatermarkState(Array((longest + "x").utf8)).watermark == nil)
    var bench = SchedulerBench.watching()
    let mend = try #require(mends(read(&bench, longest + "x")).first)
    #expect(mend.to.due == UnixTime(microseconds: 1_772_452_800_000_000) && mend.to.trailing.isEmpty)
  }

  /// What is remembered of a damaged watermark is forgotten with its document. For a name without a document nothing is
  /// remembered.
  @Test func nothingIsKeptOfWhatIsGone() {
    var bench = SchedulerBench.watching()
    for number in 0..<1000 {
      let name = EntryName("n\(number)")
      let damage = WatermarkState(Array("x".utf8))
      _ = bench.receive(.read(name, Scheduler.DocumentRead(.absent, damage)))
      _ = bench.receive(.read(name, Scheduler.DocumentRead(.document([0x7B]), damage)))
      _ = bench.receive(.read(name, Scheduler.DocumentRead(.absent, damage)))
    }
    #expect(bench.scheduler.oddities.isEmpty)
  }

  /// What was fired cannot be known, so no time that has passed is fired again. What can be read of the watermark, or
  /// is remembered, counts.
  @Test func goesOnFromWhatCanBeKnown() throws {
    var bench = SchedulerBench.watching()
    #expect(try #require(mends(read(&bench, "x")).first).to.due == bench.now)
    var other = SchedulerBench.watching()
    let due = other.now.advanced(by: -3_000_000)
    #expect(try #require(mends(read(&other, "\(Watermark.digits(due))||broken")).first).to.due == due)
    // This daemon has read the watermark before the damage.
    var known = SchedulerBench.watching()
    let seen = Watermark(due: known.now.advanced(by: -5_000_000), taskID: nil, totalRunCount: 0)
    _ = known.read(a, document, seen)
    let base = try #require(
      known.scheduler.entries.handle(of: a).flatMap { known.scheduler.entries[$0]?.progress.base })
    _ = known.pass(1)
    #expect(try #require(mends(read(&known, "x")).first).to.due == base)
  }

  /// A standby does not replace the watermark. When it leads, it reads it again before the schedule may fire.
  @Test func isReplacedByTheOneThatFires() {
    var bench = SchedulerBench.watching()
    _ = bench.receive(.leadershipChanged(false))
    #expect(mends(read(&bench, "x")).isEmpty)
    let actions = bench.receive(.leadershipChanged(true))
    #expect(actions.contains(.read(a)) && actions.fires.isEmpty)
    #expect(mends(read(&bench, "x")).count == 1)
  }

  @Test func whatANewerVersionHasAddedIsKept() throws {
    let text = "00001772452800000000||7|12345678|paused|until=9"
    let watermark = try #require(Watermark(Array(text.utf8)))
    #expect(watermark.totalRunCount == 7 && watermark.digest != nil && String(watermark.trailing) == "|paused|until=9")
    #expect(String(watermark.bytes) == text)
    var bench = SchedulerBench.watching()
    let due = bench.now.advanced(by: -1_000_000)
    let actions = read(&bench, "\(Watermark.digits(due))||7|12345678|paused")
    #expect(!isAnchored(actions) && mends(actions).isEmpty)
    for case .rebase(_, _, let watermark) in actions { #expect(String(watermark.bytes).hasSuffix("|paused")) }
    let plan = try #require(bench.pass(12).fires.first)
    #expect(String(plan.watermark.bytes).hasSuffix("|paused"))
  }
}
