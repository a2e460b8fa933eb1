import BeatCore
import Glibc
import Testing

@testable import ReactiveBeat

@Suite struct WakeTimerTests {
  @Test("wakes at the time and never before, again and again")
  func neverEarly() throws {
    var woken = 0
    try onLoop { loop in
      let timer = Holder<WakeTimer>()
      var target = BootClock.now()
      func arm() {
        target = BootClock.now().advanced(by: 1_237)
        timer.value?.arm(at: target)
      }
      timer.value = try WakeTimer(on: loop) {
        #expect(BootClock.now() >= target)
        #expect(timer.value?.target == nil)
        woken += 1
        guard woken < 50 else {
          timer.value = nil
          return loop.stop()
        }
        arm()
      }
      arm()
    }
    #expect(woken == 50)
  }

  @Test("a past time wakes at once", arguments: [.min, -1, 0, 1, 1_000_000] as [Int64])
  func past(microseconds: Int64) throws {
    try onLoop { loop in
      let timer = Holder<WakeTimer>()
      timer.value = try WakeTimer(on: loop) {
        timer.value = nil
        loop.stop()
      }
      timer.value?.arm(at: BootTime(microseconds: microseconds))
    }
  }

  @Test("nil and far times do not wake; an earlier time replaces a later one and the other way round")
  func rearm() throws {
    try onLoop { loop in
      let silent = try WakeTimer(on: loop) { Issue.record("woken without a time") }
      let soon = BootClock.now().advanced(by: 2_000)
      silent.arm(at: soon)
      silent.arm(at: nil)
      let far = try WakeTimer(on: loop) { Issue.record("woken too early") }
      far.arm(at: soon)
      far.arm(at: BootTime(microseconds: .max))
      #expect(far.target == BootTime(microseconds: .max))
      let timer = Holder<WakeTimer>()
      let late = BootClock.now().advanced(by: 30_000)
      timer.value = try WakeTimer(on: loop) {
        #expect(BootClock.now() >= late)
        withExtendedLifetime((silent, far)) { loop.stop() }
        timer.value = nil
      }
      timer.value?.arm(at: soon)
      timer.value?.arm(at: BootTime(microseconds: .max))
      timer.value?.arm(at: late)
      timer.value?.arm(at: late)
    }
  }

  @Test("a past time between two others wakes once, and the later one after it")
  func pastBetween() throws {
    var woken: [Int64] = []
    try onLoop { loop in
      let timer = Holder<WakeTimer>()
      let start = BootClock.now()
      let (soon, late) = (start.advanced(by: 3_000), start.advanced(by: 9_000))
      timer.value = try WakeTimer(on: loop) {
        woken.append(BootClock.now().microseconds(since: start))
        if woken.count == 1 { return timer.value?.arm(at: late) ?? () }
        timer.value = nil
        loop.stop()
      }
      // The first time stays set in the kernel while the second goes off; it must not be taken for the third.
      timer.value?.arm(at: soon)
      timer.value?.arm(at: start)
    }
    #expect(woken.count == 2)
    #expect(woken.last.map { $0 >= 9_000 } == true)
  }

  @Test("a released timer leaves no descriptor behind")
  func descriptors() async {
    await #expect(processExitsWith: .success) {
      let loop = try EventLoop()
      let before = openDescriptors()
      for _ in 0..<2_000 {
        let timer = try WakeTimer(on: loop) {}
        timer.arm(at: BootClock.now())
      }
      #expect(openDescriptors() < before + 4)
    }
  }
}

@Suite struct ClockTests {
  @Test("the wall clock and the monotonic clock advance and are not the same")
  func clocks() {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    let now = SystemClock.now()
    #expect(now.microseconds >= Int64(time.tv_sec) * 1_000_000)
    #expect(now.microseconds < Int64(time.tv_sec) * 1_000_000 + 60_000_000)
    let first = MonotonicTime.now()
    #expect(MonotonicTime.now() >= first)
  }

  @Test("differences saturate instead of trapping")
  func differences() {
    let early = MonotonicTime(nanoseconds: .min)
    let late = MonotonicTime(nanoseconds: .max)
    #expect(late.microseconds(since: early) == .max)
    #expect(early.microseconds(since: late) == .min)
    #expect(MonotonicTime(nanoseconds: 5_999).microseconds(since: MonotonicTime(nanoseconds: 1_000)) == 4)
    #expect(MonotonicTime(nanoseconds: 0).microseconds(since: MonotonicTime(nanoseconds: 1_999)) == -1)
  }
}
