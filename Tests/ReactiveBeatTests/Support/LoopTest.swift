import Glibc
import Testing

@testable import ReactiveBeat

/// Runs a loop on the calling thread until `body`'s callbacks stop it, or until the test has failed by `seconds`.
/// What `body` returns is kept until then: timers end with their last reference.
///
/// Afterwards closed connections are served to their end, so that nothing of one test lives on in the next.
func onLoop<Kept>(
  seconds: Int64 = 20, sourceLocation: SourceLocation = #_sourceLocation, _ body: (EventLoop) throws -> Kept
) throws {
  let loop = try EventLoop()
  let deadline = LoopTimer(on: loop) {
    Issue.record("the loop was not stopped within \(seconds) s", sourceLocation: sourceLocation)
    loop.stop()
  }
  deadline.schedule(after: seconds * 1_000_000)
  let kept = try body(loop)
  withExtendedLifetime(kept) {
    loop.run()
    // Closing takes one turn, and a closed object may close another one.
    loop.serveReady()
    loop.serveReady()
  }
}

/// Asks `condition` every millisecond until it holds. Returns false after `seconds`, which are many, since a busy
/// machine is no fault.
func eventually(within seconds: Int64 = 60, _ condition: () throws -> Bool) rethrows -> Bool {
  let start = MonotonicTime.now()
  while MonotonicTime.now().microseconds(since: start) < seconds * 1_000_000 {
    if try condition() { return true }
    usleep(1000)
  }
  return try condition()
}
