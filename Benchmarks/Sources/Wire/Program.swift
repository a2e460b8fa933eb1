import Glibc

package func fail(_ text: String) -> Never {
  let line = Array("\(CommandLine.arguments.first ?? ""): \(text)\n".utf8)
  _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
  exit(1)
}

/// The present time of a clock, in nanoseconds.
package func now(_ clock: clockid_t = CLOCK_MONOTONIC) -> Int64 {
  var time = timespec()
  clock_gettime(clock, &time)
  return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
