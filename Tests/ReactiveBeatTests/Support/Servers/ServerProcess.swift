import BeatLoop
import Glibc
import Synchronization

/// A server that a test has started, with a folder of its own, which is removed with it.
///
/// It dies with the test process, even if that is killed: a watchdog waits for the end of a stream that only this
/// process holds.
final class ServerProcess: Sendable {
  let folder: String
  private let process = Mutex<pid_t>(0)
  private let watchdog: pid_t
  private let watchdogEnd: Int32

  /// Makes the folder; the server is started by `start`.
  init() throws {
    var template = Array("/tmp/reactivebeat-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Failure("mkdtemp", errno) }
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    var ends: [Int32] = [0, 0]
    // A socket pair and not a pipe: close-on-exec must hold from the first moment, or a server that another suite
    // starts at that moment inherits the end.
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
      throw Failure("socketpair", errno)
    }
    watchdogEnd = ends[1]
    let script = "while read pid; do last=$pid; done; test -z \"$last\" || kill -9 $last 2>/dev/null; rm -rf \"$0\""
    watchdog = try spawn(["sh", "-c", script, folder], input: ends[0])
    close(ends[0])
  }

  deinit {
    kill()
    // When the stream ends, the watchdog removes the folder.
    close(watchdogEnd)
    var status: Int32 = 0
    waitpid(watchdog, &status, 0)
  }

  /// The server's process id, or 0 when it does not run.
  var pid: pid_t { process.withLock { $0 } }

  /// Starts the server, at first or after `kill()`, and waits until it is ready.
  func start(_ arguments: [String], seconds: Int64 = 10, log: String, isReady: () -> Bool) throws {
    let pid = try spawn(arguments, input: -1)
    process.withLock { $0 = pid }
    tell("\(pid)\n")
    let begin = MonotonicTime.now()
    while !isReady() {
      var status: Int32 = 0
      if waitpid(pid, &status, WNOHANG) == pid {
        process.withLock { $0 = 0 }
        throw Failure("\(arguments[0]) ended at once; its log is \(log): \(status)", 0)
      }
      guard MonotonicTime.now().microseconds(since: begin) < seconds * 1_000_000 else {
        throw Failure("\(arguments[0]) is not ready after \(seconds) s; its log is \(log)", 0)
      }
      usleep(2000)
    }
  }

  /// Kills the server with SIGKILL.
  func kill() {
    let pid = process.withLock { pid in
      defer { pid = 0 }
      return pid
    }
    guard pid > 0 else { return }
    tell("\n")
    Glibc.kill(pid, SIGKILL)
    var status: Int32 = 0
    waitpid(pid, &status, 0)
  }

  /// Asks the server to end, and waits until it has ended. A server that does not within 30 s is killed.
  func terminate() {
    let pid = pid
    guard pid > 0 else { return }
    Glibc.kill(pid, SIGTERM)
    let begin = MonotonicTime.now()
    while !hasEnded(pid), MonotonicTime.now().microseconds(since: begin) < 30_000_000 { usleep(2000) }
    kill()
  }

  /// Freezes the server: its socket still accepts connections, since the kernel does that, but no request is answered.
  /// When this returns, all of its threads stand still.
  func suspend() {
    guard Glibc.kill(pid, SIGSTOP) == 0 else { return }
    var about = siginfo_t()
    while waitid(P_PID, id_t(pid), &about, WSTOPPED | WEXITED | WNOWAIT) == -1, errno == EINTR {}
  }
  /// Lets a frozen server go on.
  func resume() { Glibc.kill(pid, SIGCONT) }

  /// Whether a child has ended. It stays a child, whose process id no other process gets, until `kill()` waits for it.
  private func hasEnded(_ pid: pid_t) -> Bool {
    var about = siginfo_t()
    return waitid(P_PID, id_t(pid), &about, WEXITED | WNOHANG | WNOWAIT) != 0 || about.si_signo == SIGCHLD
  }

  private func tell(_ line: String) {
    let bytes = Array(line.utf8)
    write(watchdogEnd, bytes, bytes.count)
  }
}
