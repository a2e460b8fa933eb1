import Glibc
import Synchronization

/// A program that a test has started. It inherits only what it is given.
final class ChildProcess {
  enum Exit: Equatable {
    case status(Int32)
    case signal(Int32)
  }

  let pid: pid_t
  private(set) var exit: Exit?

  /// - Parameters:
  ///   - output: the descriptor for standard output and standard error; -1: /dev/null.
  ///   - input: the descriptor for standard input; -1: /dev/null.
  init(_ arguments: [String], environment: [String: String], output: Int32, input: Int32 = -1) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (target, source) in [(STDIN_FILENO, input), (STDOUT_FILENO, output), (STDERR_FILENO, output)] {
      if source >= 0 {
        posix_spawn_file_actions_adddup2(&actions, source, target)
      } else {
        posix_spawn_file_actions_addopen(&actions, target, "/dev/null", O_RDWR, 0)
      }
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // The child gets the default signals, since this process ignores SIGPIPE and a child would inherit that.
    var signals = sigset_t()
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for word in words + variables { free(word) } }
    var pid: pid_t = 0
    let status = posix_spawn(&pid, arguments[0], &actions, &attributes, &words, &variables)
    guard status == 0 else { throw Failure("cannot start \(arguments[0])", status) }
    self.pid = pid
    ProcessWatchdog.shared.add(pid)
  }

  deinit {
    guard exit == nil else { return }
    send(SIGKILL)
    ProcessWatchdog.shared.remove(pid)
    var status: Int32 = 0
    waitpid(pid, &status, 0)
  }

  func send(_ signal: Int32) { if exit == nil { kill(pid, signal) } }

  /// Whether the program has ended.
  func hasEnded() -> Bool {
    guard exit == nil else { return true }
    // The process is examined first and reaped later, so that the watchdog never has a pid that may be reused.
    var info = siginfo_t()
    guard waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0, info.si_signo == SIGCHLD else {
      return false
    }
    ProcessWatchdog.shared.remove(pid)
    var status: Int32 = 0
    waitpid(pid, &status, 0)
    exit = status & 0x7F == 0 ? .status(status >> 8 & 0xFF) : .signal(status & 0x7F)
    return true
  }

  /// How the program ended; nil if it has not within `seconds`.
  func wait(within seconds: Int64 = 60) -> Exit? { eventually(within: seconds) { hasEnded() } ? exit : nil }
}
