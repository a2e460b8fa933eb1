import Testing

@testable import BeatCore
@testable import BeatDriver

/// One attempt to connect after the other, on a clock that only the test moves.
@Suite struct ReconnectionTests {
  private let clock = StillSurroundings()

  private func attempts(_ count: @escaping () -> Void) -> Reconnection {
    Reconnection(100...10_000_000, in: clock, attempt: count)
  }

  @Test("each wait is longer, until a connection was open for long enough")
  func waits() throws {
    var count = 0
    let reconnection = attempts { count += 1 }
    reconnection.begin()
    #expect(count == 1 && reconnection.begunAt == clock.bootTime && !reconnection.isScheduled)
    let timer = try #require(clock.timers.first)
    for wait in [100, 200, 400] as [Int64] {
      reconnection.isOver(stoodSince: nil)
      #expect(timer.delay == wait && reconnection.isScheduled)
      clock.microseconds += wait
      timer.fire()
      #expect(reconnection.begunAt == clock.bootTime && !reconnection.isScheduled)
    }
    #expect(count == 4)
    // The connection took 5 µs to make and was open for a minute.
    clock.microseconds += 5
    let stood = clock.bootTime
    clock.microseconds += 60_000_000
    reconnection.isOver(stoodSince: stood)
    #expect(timer.delay == 100)
  }

  @Test("a connection that took long to make and was open for a moment does not shorten the wait")
  func moment() throws {
    let reconnection = attempts {}
    reconnection.begin()
    reconnection.isOver(stoodSince: nil)
    reconnection.begin()
    clock.microseconds += 1_000_000
    let stood = clock.bootTime
    clock.microseconds += 3_000_000
    reconnection.isOver(stoodSince: stood)
    #expect(clock.timers.first?.delay == 200)
  }

  @Test func another() throws {
    var count = 0
    let reconnection = attempts { count += 1 }
    reconnection.isOver(stoodSince: nil)
    // An attempt that begins for another reason replaces the one that is scheduled.
    reconnection.begin()
    #expect(count == 1 && !reconnection.isScheduled)
    reconnection.isOverAtOnce()
    #expect(clock.timers.first?.delay == 0)
    reconnection.cancel()
    #expect(!reconnection.isScheduled)
  }
}

/// Clocks and timers that a test moves on.
private final class StillSurroundings: Surroundings {
  final class Timer: DeadlineTimer {
    private(set) var delay: Int64?
    private let handler: () -> Void

    init(_ handler: @escaping () -> Void) { self.handler = handler }

    var isScheduled: Bool { delay != nil }
    func schedule(after microseconds: Int64) { delay = microseconds }
    func cancel() { delay = nil }

    func fire() {
      delay = nil
      handler()
    }
  }

  private struct NoAlarm: Error {}

  var microseconds: Int64 = 1_000_000
  private(set) var timers: [Timer] = []

  var bootTime: BootTime { BootTime(microseconds: microseconds) }
  var wallTime: UnixTime { UnixTime(microseconds: microseconds) }

  func makeTimer(_ handler: @escaping () -> Void) -> any DeadlineTimer {
    timers.append(Timer(handler))
    return timers[timers.count - 1]
  }

  func makeAlarm(_ handler: @escaping () -> Void) throws -> any Alarm { throw NoAlarm() }
  func soon(_ work: @escaping () -> Void) { work() }
  func afterWriting(_ work: @escaping () -> Void) { work() }
  func releaseMemory() {}
  /// Not random: the longest wait.
  func random(in range: ClosedRange<Int64>) -> Int64 { range.upperBound }
}
