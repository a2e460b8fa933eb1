import Glibc
import Testing

@testable import ReactiveBeat

@Suite struct LoopTimerTests {
  @Test("fires once, never early", arguments: [0, 1, 900, 1_500, 20_000] as [Int64])
  func firesOnce(delay: Int64) throws {
    var fired = 0
    try onLoop { loop in
      let start = MonotonicTime.now()
      var timer: LoopTimer?
      let end = LoopTimer(on: loop) {
        timer = nil
        loop.stop()
      }
      timer = LoopTimer(on: loop) {
        fired += 1
        #expect(timer?.isScheduled == false)
        #expect(MonotonicTime.now().microseconds(since: start) >= delay)
        end.schedule(after: 3_000)
      }
      timer?.schedule(after: delay)
      #expect(timer?.isScheduled == true)
    }
    #expect(fired == 1)
  }

  @Test("counts from the call, not from the turn's beginning")
  func afterLongWork() throws {
    try onLoop { loop in
      var start = MonotonicTime.now()
      let timer = LoopTimer(on: loop) {
        #expect(MonotonicTime.now().microseconds(since: start) >= 20_000)
        loop.stop()
      }
      loop.soon {
        usleep(30_000)
        start = .now()
        timer.schedule(after: 20_000)
      }
      return timer
    }
  }

  @Test("a cancelled or released timer does not fire; the last schedule counts")
  func cancelAndReplace() throws {
    try onLoop { loop in
      let cancelled = LoopTimer(on: loop) { Issue.record("cancelled") }
      cancelled.schedule(after: 100)
      cancelled.cancel()
      #expect(!cancelled.isScheduled)
      var released: LoopTimer? = LoopTimer(on: loop) { Issue.record("released") }
      released?.schedule(after: 100)
      released = nil
      let start = MonotonicTime.now()
      let moved = LoopTimer(on: loop) {
        #expect(MonotonicTime.now().microseconds(since: start) >= 5_000)
        loop.stop()
      }
      moved.schedule(after: 100)
      moved.schedule(after: .max)
      moved.schedule(after: 5_000)
      return (cancelled, moved)
    }
  }

  @Test("a timer may release itself, and be scheduled again, in its handler")
  func insideItsHandler() throws {
    var turns = 0
    try onLoop { loop in
      var timer: LoopTimer?
      timer = LoopTimer(on: loop) {
        turns += 1
        if turns < 100 { return timer?.schedule(after: -1) ?? () }
        timer = nil
        loop.stop()
      }
      timer?.schedule(after: 0)
    }
    #expect(turns == 100)
  }
}
