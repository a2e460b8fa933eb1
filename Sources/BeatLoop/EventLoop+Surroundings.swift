import BeatCore

/// The real surroundings of a daemon: an event loop, the machine's clocks, and chance.
extension EventLoop: Surroundings {
  package var bootTime: BootTime { BootClock.now() }
  package var wallTime: UnixTime { SystemClock.now() }

  package func makeTimer(_ handler: @escaping () -> Void) -> any DeadlineTimer { LoopTimer(on: self, handler) }
  package func makeAlarm(_ handler: @escaping () -> Void) throws -> any Alarm { try WakeTimer(on: self, handler) }

  package func releaseMemory() { ResidentMemory.trim() }
  package func random(in range: ClosedRange<Int64>) -> Int64 { Int64.random(in: range) }
}

extension LoopTimer: DeadlineTimer {}
extension WakeTimer: Alarm {}
