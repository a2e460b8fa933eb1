/// What a daemon is given by whoever runs it: clocks, timers and turns. On an event loop they are real; in a simulation
/// they are chance's.
///
/// All belongs to one thread.
package protocol Surroundings: AnyObject {
  /// The clock that counts from the machine's start.
  var bootTime: BootTime { get }
  /// The machine's own wall clock. Nothing is due by it.
  var wallTime: UnixTime { get }

  /// A timer that is not scheduled yet; letting go of it cancels it.
  func makeTimer(_ handler: @escaping () -> Void) -> any DeadlineTimer
  /// The timer by which schedules are due.
  func makeAlarm(_ handler: @escaping () -> Void) throws -> any Alarm

  /// Runs `work` in the next turn; first come, first served.
  func soon(_ work: @escaping () -> Void)
  /// Runs `work` at the end of this turn, after what it has sent is written.
  func afterWriting(_ work: @escaping () -> Void)

  /// Gives back what work that is done has left behind.
  func releaseMemory()

  /// By chance.
  func random(in range: ClosedRange<Int64>) -> Int64
}

/// A one-shot timer for deadlines and pauses: never early, and some milliseconds late.
package protocol DeadlineTimer: AnyObject {
  /// From `schedule(after:)` until the handler begins or `cancel()`.
  var isScheduled: Bool { get }
  /// Runs the handler once, so many microseconds from now. An earlier schedule is replaced.
  func schedule(after microseconds: Int64)
  func cancel()
}

/// One absolute alarm on the clock that counts from boot.
package protocol Alarm: AnyObject {
  /// Runs the handler once at `time` and never before; a past time means in the next turn, nil never.
  func arm(at time: BootTime?)
}
