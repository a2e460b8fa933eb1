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
    }
  }

  @Test("a timer may let go of itself, and be scheduled again, in its handler")
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

@Suite struct EventLoopTests {
  @Test("deferred work runs in order, later than the call, and a later turn for what it adds")
  func deferredWork() throws {
    var order: [String] = []
    try onLoop { loop in
      loop.soon {
        order.append("first")
        loop.soon {
          order.append("added")
          loop.stop()
        }
      }
      loop.soon { order.append("second") }
      order.append("made")
    }
    #expect(order == ["made", "first", "second", "added"])
  }

  @Test("endless deferral does not starve a descriptor")
  func deferralIsFair() throws {
    try onLoop { loop in
      var turns = 0
      func again() {
        turns += 1
        loop.soon(again)
      }
      again()
      // A wake timer is a descriptor, and is served between the turns.
      let holder = Holder<WakeTimer>()
      holder.value = try WakeTimer(on: loop) { _ in
        #expect(turns > 1)
        holder.value = nil
        loop.stop()
      }
      let now = SystemClock.now()
      holder.value?.arm(at: .init(microseconds: now.microseconds + 10_000))
    }
  }

  @Test("stop before run returns at once, and what was deferred waits for the next run")
  func stopFirst() throws {
    let loop = try EventLoop()
    var ran = 0
    loop.soon { ran += 1 }
    loop.stop()
    loop.run()
    #expect(ran == 0)
    loop.soon {
      ran += 1
      loop.stop()
    }
    loop.soon { ran += 1 }
    loop.run()
    #expect(ran == 2)
    loop.serveReady()
    #expect(ran == 3)
    #expect(!loop.isRunning)
  }

  @Test("a closed pipe is an error and not the end of the process")
  func ignoresSIGPIPE() throws {
    _ = try EventLoop()
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    close(ends[0])
    #expect(write(ends[1], "x", 1) == -1)
    #expect(errno == EPIPE)
    close(ends[1])
  }
}

/// Keeps what a callback refers to before it exists.
final class Holder<Value> {
  var value: Value?
}
