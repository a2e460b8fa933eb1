import BeatRedis
import Glibc

/// A private redis-server with its own folder, unix socket and (if asked for) TCP port. It writes nothing to disk but
/// its log.
final class RedisServer: Sendable {
  /// The program of every server that a test starts: `scripts/test --server` chooses another one.
  static let program = getenv("REACTIVEBEAT_TEST_SERVER").map { String(cString: $0) } ?? "redis-server"

  /// The options that allow DEBUG. Redis before 7.0 always allows it, and does not know the option.
  static let debugCommands: [String] =
    isRefused(option: "enable-debug-command", "yes") ? [] : ["--enable-debug-command", "yes"]
  /// Whether users have rights on channels, as since Redis 6.2.
  static let hasChannelRights = !isRefused(option: "acl-pubsub-default", "allchannels")
  /// The options with which new users may hear all channels, as is the default of Redis 6.2.
  static let everyChannel: [String] = hasChannelRights ? ["--acl-pubsub-default", "allchannels"] : []
  /// Whether the server has what came with Redis 7.0.
  static let isRedis7 = !debugCommands.isEmpty
  /// Whether the server was built with TLS.
  static let hasTLS = !isRefused(option: "tls-auth-clients", "no")

  let socketPath: String
  /// The TCP port on 127.0.0.1, or 0.
  let port: UInt16
  private let process: ServerProcess
  private let arguments: [String]
  private let password: String?

  var folder: String { process.folder }
  /// The server's process id, or 0 when it does not run.
  var pid: pid_t { process.pid }
  var endpoint: RedisEndpoint { port == 0 ? .unix(path: socketPath) : .tcp(host: "127.0.0.1", port: port) }

  /// Starts a server and waits until it answers. `arguments` are redis-server's own, such as `["--requirepass",
  /// "secret"]`. `password` is that with which `client()` logs in.
  init(_ arguments: [String] = [], tcp: Bool = false, password: String? = nil) throws {
    self.password = password
    process = try ServerProcess()
    socketPath = process.folder + "/redis.sock"
    port = tcp ? try RedisServer.freePort() : 0
    self.arguments =
      [
        Self.program, "--port", String(port), "--bind", "127.0.0.1", "--unixsocket", socketPath, "--dir",
        process.folder, "--save", "", "--appendonly", "no", "--logfile", process.folder + "/log",
      ] + (Self.hasChannelRights ? ["--acl-pubsub-default", "resetchannels"] : [])  // The default since Redis 7.0.
      + Self.understood(arguments) { $0 }
    try start()
  }

  /// Starts the server again after `kill()`, in the same folder.
  func start() throws { try process.start(arguments, log: folder + "/log", isReady: isReady) }

  /// Kills the server with SIGKILL.
  func kill() { process.kill() }

  /// Freezes the server: its socket still accepts connections, since the kernel does that, but no request is answered.
  func suspend() { process.suspend() }
  /// Lets a frozen server go on.
  func resume() { process.resume() }

  /// A blocking client, to prepare and check data.
  func client() throws -> BlockingClient {
    let client = try BlockingClient(socketPath)
    if let password { client("AUTH", password) }
    return client
  }

  /// A URL for a database of this server.
  func url(database: Int = 0) throws -> RedisURL {
    try RedisURL(
      port == 0 ? "redis+socket://\(socketPath)?virtual_host=\(database)" : "redis://127.0.0.1:\(port)/\(database)")
  }

  /// Any reply will do: a server that wants a password is ready, too. One that still loads is not.
  private func isReady() -> Bool {
    guard let reply = (try? BlockingClient(socketPath))?("PING") else { return false }
    return reply.error?.code != "LOADING"
  }

  /// The words without those that Redis before 6.2 does not know: the rules of a user for channels.
  static func understood<Word>(_ words: [Word], _ text: (Word) -> String) -> [Word] {
    if hasChannelRights { return words }
    return words.filter {
      let word = text($0)
      return !word.hasPrefix("&") && word != "resetchannels" && word != "allchannels"
    }
  }

  /// Whether the program does not know an option. A log file that cannot be opened keeps it from starting.
  private static func isRefused(option: String, _ value: String) -> Bool {
    let start = ["sh", "-c", #""$0" "$@" 2>&1; true"#, program, "--port", "0"]
    let said = try? output(of: start + ["--\(option)", value, "--logfile", "/dev/null/none"], what: program)
    return said?.contains("Bad directive") == true
  }

  /// A TCP port that is free at this moment.
  static func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 ? getsockname(descriptor, $0, &length) : -1
      }
    }
    guard status == 0 else { throw Failure("no free port", errno) }
    return UInt16(bigEndian: address.sin_port)
  }
}

/// A failure around a test, and not in what is tested.
struct Failure: Error, CustomStringConvertible {
  let description: String

  init(_ what: String, _ code: Int32) {
    description = code == 0 ? what : "\(what): \(String(cString: strerror(code)))"
  }
}

/// Starts a program from PATH with the default signals, and with `input` as its standard input (-1: nothing to read) and
/// `output` as its standard output (-1: nowhere).
func spawn(_ arguments: [String], input: Int32, output: Int32 = -1) throws -> pid_t {
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  if input >= 0 {
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
  } else {
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
  }
  if output >= 0 {
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
  } else {
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
  }
  var attributes = posix_spawnattr_t()
  posix_spawnattr_init(&attributes)
  defer { posix_spawnattr_destroy(&attributes) }
  var defaults = sigset_t()
  sigemptyset(&defaults)
  sigaddset(&defaults, SIGPIPE)
  posix_spawnattr_setsigdefault(&attributes, &defaults)
  // Tests run on threads that block signals, which the program would do as well.
  var none = sigset_t()
  sigemptyset(&none)
  posix_spawnattr_setsigmask(&attributes, &none)
  // The program gets a process group of its own: an interrupt at the terminal reaches only the test process, whose end
  // the watchdog sees.
  posix_spawnattr_setpgroup(&attributes, 0)
  posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
  var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
  words.append(nil)
  defer { for word in words { free(word) } }
  var pid: pid_t = 0
  let status = posix_spawnp(&pid, arguments[0], &actions, &attributes, words, environ)
  guard status == 0 else { throw Failure("cannot start \(arguments[0])", status) }
  return pid
}
