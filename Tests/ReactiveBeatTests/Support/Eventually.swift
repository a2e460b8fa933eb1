import BeatLoop
import Glibc

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
