import BeatLoop
import Glibc

extension EventLoop {
  /// Serves the loop until a condition holds, which others may bring about, such as a server. Returns false if it does
  /// not hold in time.
  func serve(_ microseconds: Int64, until isMet: () -> Bool) -> Bool {
    let start = MonotonicTime.now()
    while true {
      serveReady()
      if isMet() { return true }
      guard MonotonicTime.now().microseconds(since: start) < microseconds else { return false }
      usleep(200)
    }
  }

  /// Lets connections that were closed end, which takes two turns.
  func serveEnds() {
    serveReady()
    serveReady()
  }
}
