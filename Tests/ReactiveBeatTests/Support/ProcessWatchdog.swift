import Glibc
import Synchronization

/// Ends the programs that the tests have started when the tests are gone, even if they were killed.
///
/// It is one shell process that reads pids from a stream which only this process holds. When the stream ends, the tests
/// are gone.
final class ProcessWatchdog: Sendable {
  static let shared = ProcessWatchdog()

  private let stream: Int32

  private init() {
    var ends: [Int32] = [-1, -1]
    // A socket pair and not a pipe: close-on-exec must hold from the first moment, or another child inherits the end.
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

  /// Must be called before `waitpid`: afterwards another process may have the number.
  func remove(_ pid: pid_t) { tell("remove \(pid)\n") }

  private func tell(_ line: String) {
    let bytes = Array(line.utf8)
    write(stream, bytes, bytes.count)
  }
}
