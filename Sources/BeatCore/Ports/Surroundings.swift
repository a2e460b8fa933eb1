/// The clocks, timers and turns that a daemon works with. An event loop has real ones; a simulation has virtual ones,
/// ordered by chance.
///
/// Everything belongs to one thread.
package protocol Surroundings: AnyObject {
  /// The clock that counts from the machine's start.
  var bootTime: BootTime { get }
  /// The machine's own wall clock. It never decides what is due.
  var wallTime: UnixTime { get }

  /// Makes a timer that is not scheduled yet. Releasing the timer cancels it.
  func makeTimer(_ handler: @escaping () -> Void) -> any DeadlineTimer
  /// Makes the timer that wakes the scheduler when a schedule is due.
  func makeAlarm(_ handler: @escaping () -> Void) throws -> any Alarm

  /// Runs `work` in the next turn, in the order of the calls.
  func soon(_ work: @escaping () -> Void)
  /// Runs `work` at the end of this turn, after everything that was sent in the turn is written.
  func afterWriting(_ work: @escaping () -> Void)

  /// Returns memory that finished work has left free to the system.
  func releaseMemory()

  /// A random number in the range.
  func random(in range: ClosedRange<Int64>) -> Int64
}

/// A one-shot timer for deadlines and pauses. It is never early, and may be some milliseconds late.
package protocol DeadlineTimer: AnyObject {
  /// True from `schedule(after:)` until the handler begins, or until `cancel()`.
  var isScheduled: Bool { get }
  /// Runs the handler once, this many microseconds from now. It replaces an earlier schedule.
  func schedule(after microseconds: Int64)
  func cancel()
}

/// One absolute alarm on the clock that counts from boot.
package protocol Alarm: AnyObject {
  /// Runs the handler once at `time`, never earlier. A past time means in the next turn; nil means never. It replaces
  /// an earlier time.
  func arm(at time: BootTime?)
}
