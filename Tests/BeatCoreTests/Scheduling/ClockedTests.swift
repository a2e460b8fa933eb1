import Testing

@testable import BeatCore

/// A clocked schedule runs once. If its time has passed when a daemon first sees it, that run was missed.
@Suite("Clocked: a time that has passed when it is first seen")
struct ClockedTests {
  private let a = EntryName("a")

  private func clocked(_ seconds: Double, _ fields: String...) -> String {
    let clocked = #""clocked": {"clocked_time": "\#(at(seconds).iso8601)"}"#
    return "{"
      + ([#""name": "report", "task": "t""#, clocked] + (fields.isEmpty ? [#""enabled": true"#] : fields))
      .joined(separator: ", ") + "}"
  }
  private let on = #""enabled": true"#

  private func finishes(_ actions: [Scheduler.Action]) -> Int {
    actions.reports.count { if case .finished = $0 { true } else { false } }
  }

  @Test(arguments: [-0.000_001, -0.005, -5, -3_600, 0]) func seenLateItRunsOnce(_ time: Double) throws {
    for isLoad in [true, false] {
      var bench = isLoad ? SchedulerBench() : SchedulerBench.watching()
      _ = isLoad ? bench.load(a, clocked(time)) : bench.edit(a, clocked(time))
      let actions = bench.run(60)
      #expect(actions.dues == [time])
      let plan = try #require(actions.fires.first)
      // Neither a restart nor a copy of the document without bookkeeping makes it run again.
      var restarted = SchedulerBench()
      restarted.now = at(100)
      _ = restarted.load(a, clocked(time), plan.watermark)
      #expect(restarted.run(60).dues == [])
    }
  }

  /// The daemon is killed before it sends the run: the stored watermark says that the schedule has not run.
  @Test func theWatermarkOfTheFirstLookDoesNotPassIt() throws {
    var bench = SchedulerBench()
    let actions = bench.load(a, clocked(-30))
    let watermark = try #require(
      actions.compactMap { if case .anchor(_, let watermark) = $0 { watermark } else { nil } }.first)
    var restarted = SchedulerBench()
    restarted.now = at(5)
    _ = restarted.load(a, clocked(-30), watermark)
    #expect(restarted.run(60).dues == [-30])
  }

  @Test func catchupDecides() {
    for (fields, dues) in [
      (#""catchup": "none""#, []), (#""catchup": "all""#, [-30.0]), (#""catchup_window": 20"#, []),
      (#""catchup_window": 31"#, [-30]),
    ] {
      var bench = SchedulerBench.watching()
      let actions = bench.edit(a, clocked(-30, on, fields)) + bench.run(60)
      #expect(Array(Set(actions.dues)) == dues, "\(fields)")
      let skips = actions.reports.count { if case .skipped = $0 { true } else { false } }
      #expect(skips == (dues.isEmpty ? 1 : 0) && finishes(actions) == 1, "\(fields)")
    }
  }

  @Test func whatHasRunIsNotMissed() {
    for field in [#""total_run_count": 1"#, #""last_run_at": "2026-03-02T11:59:30Z""#] {
      var bench = SchedulerBench()
      _ = bench.load(a, clocked(-30, on, field))
      #expect(bench.run(60).dues == [], "\(field)")
    }
  }

  /// The watermark has the time that was fired, and the task's id would be the same.
  @Test func madeAgainForTheSameTimeItDoesNotRun() throws {
    var watermark = try Watermark.fired(-30).under(clocked(-30))
    for digest in [watermark.digest, .gone, nil] {
      watermark.digest = digest
      for isLoad in [true, false] {
        var bench = isLoad ? SchedulerBench() : SchedulerBench.watching()
        _ = isLoad ? bench.load(a, clocked(-30), watermark) : bench.edit(a, clocked(-30), watermark)
        #expect(bench.run(60).dues == [])
      }
    }
  }

  @Test func madeAgainForALaterTimeItRuns() throws {
    var watermark = try Watermark.fired(-30).under(clocked(-30))
    watermark.digest = .gone
    var bench = SchedulerBench.watching()
    _ = bench.edit(a, clocked(-1), watermark)
    #expect(bench.run(60).dues == [-1])
  }

  /// An older version has seen the schedule after its time, and left the run out: it is not caught up years later.
  @Test func whatWasSeenAfterItsTimeStaysPast() throws {
    var bench = SchedulerBench()
    _ = bench.load(a, clocked(-30), try Watermark.seen(-20).under(clocked(-30)))
    #expect(bench.run(60).dues == [])
  }

  // MARK: edits

  /// The new time is a moment ago, and a clocked schedule has no later one.
  @Test func aNewTimeThatHasPassedIsMissedToo() throws {
    for (before, watermark) in [(clocked(-3_600), Watermark.fired(-3_600)), (Sample.document(), Watermark.fired(-5))] {
      var bench = SchedulerBench()
      _ = bench.load(a, before, try watermark.under(before))
      _ = bench.edit(a, clocked(-0.005), try watermark.under(before))
      #expect(bench.run(60).dues == [-0.005])
      // The same holds if no daemon hears the edit.
      var restarted = SchedulerBench()
      _ = restarted.load(a, clocked(-0.005), try watermark.under(before))
      #expect(restarted.run(60).dues == [-0.005])
    }
  }

  /// As for all schedules, a time that passes while the schedule is disabled is not missed.
  @Test func switchedOnAfterItsTimeItDoesNotRun() throws {
    let off = clocked(5, #""enabled": false"#)
    var bench = SchedulerBench()
    _ = bench.load(a, off)
    _ = bench.run(20)
    let actions = bench.edit(a, clocked(5), try Watermark.seen(0).under(off))
    #expect(finishes(actions) == 1)
    #expect(bench.run(60).dues == [])
    var restarted = SchedulerBench()
    restarted.now = at(20)
    _ = restarted.load(a, clocked(5), try Watermark.seen(0).under(off))
    #expect(restarted.run(60).dues == [])
  }

  /// django-celery-beat makes each clocked task one_off. There, too, another time means another run.
  @Test func aNewTimeArmsAOneOffAgain() throws {
    let once = #""one_off": true"#
    var bench = SchedulerBench()
    _ = bench.load(a, clocked(5, on, once))
    #expect(bench.run(10).dues == [5])
    let actions = bench.edit(a, clocked(30, on, once), try Watermark.fired(5).under(clocked(5)))
    #expect(finishes(actions) == 0)
    #expect(bench.run(60).dues == [30])
  }

  @Test func aStartThatHasPassedChangesNothing() {
    var bench = SchedulerBench.watching()
    _ = bench.edit(a, clocked(-30, on, #""start_after": "2026-03-01T00:00:00Z""#))
    #expect(bench.run(60).dues == [-30])
  }
}
