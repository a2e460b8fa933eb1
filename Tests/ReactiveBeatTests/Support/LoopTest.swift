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
