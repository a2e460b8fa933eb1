import Glibc
import Synchronization

/// Ends what the tests have started when they are gone themselves, even when they were killed.
///
/// One shell process that reads pids from a stream which only this process holds; its end is the end of the tests.
final class ProcessWatchdog: Sendable {
  static let shared = ProcessWatchdog()

  private let stream: Int32

  private init() {
    var ends: [Int32] = [-1, -1]
    // Not a pipe: close-on-exec must hold from the first moment, or another child inherits the end.
    socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends)
    stream = ends[1]
    let script = """
      pids=' '
      while read word pid; do
        case $word in
          add) pids="$pids$pid " ;;
          remove) pids="${pids%% $pid *} ${pids#* $pid }" ;;
        esac
      done
      for pid in $pids; do kill -9 "$pid"; done 2>/dev/null
      """
    _ = try? spawn(["sh", "-c", script], input: ends[0])
    close(ends[0])
  }

  func add(_ pid: pid_t) { tell("add \(pid)\n") }

  /// Must come before `waitpid`: afterwards the number may be another process'.
  func remove(_ pid: pid_t) { tell("remove \(pid)\n") }

  private func tell(_ line: String) {
    let bytes = Array(line.utf8)
    write(stream, bytes, bytes.count)
  }
}
