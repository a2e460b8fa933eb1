import Glibc

@testable import ReactiveBeat

/// The built `beat-watch` as a child process. Its log is read from a pipe while a test waits for a line of it.
final class Daemon {
  private let process: ChildProcess
  private var reader: Int32
  private var unparsed: [UInt8] = []
  /// Lines that no `wait` has taken yet.
  private var waiting: [LogLine] = []
  /// All lines so far.
  private(set) var lines: [LogLine] = []
  /// Lines that are not JSON, such as the errors of a wrong command line.
  private(set) var otherLines: [String] = []
  /// A command's notes on the installation beside its own output (`beat-watch: note: …`).
  private(set) var notes: [String] = []

  var pid: pid_t { process.pid }

  /// Starts the daemon with this environment alone. Its log has level `info` unless the environment sets another.
  ///
  /// - Parameters:
  ///   - arguments: those of `run`, or another command and its own.
  ///   - wrapper: a command that becomes beat-watch, such as `unshare`.
  init(_ environment: [String: String], arguments: [String] = [], wrapper: [String] = []) throws {
    let variables = Self.surroundings.merging(["BEAT_WATCH_LOG_FORMAT": "json"]) { $1 }
    let writer: Int32
    (reader, writer) = try Self.pipe()
    defer { close(writer) }
    let command = arguments.first?.hasPrefix("-") ?? true ? ["run"] : []
    process = try ChildProcess(
      wrapper + [ProjectFolder.beatWatch()] + command + arguments, environment: variables.merging(environment) { $1 },
      output: writer)
  }

  /// The settings of the sanitizers and the loader of this test run.
  static var surroundings: [String: String] {
    var variables: [String: String] = [:]
    for name in ["PATH", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "TSAN_OPTIONS", "TZDIR"] {
      if let value = getenv(name) { variables[name] = String(cString: value) }
    }
    return variables
  }

  /// A pipe whose ends both close on exec from the first moment. Otherwise a child that another test starts at that
  /// moment inherits them. `pipe` cannot do that, and Swift's Glibc has no `pipe2`.
  private static func pipe() throws -> (reader: Int32, writer: Int32) {
    let path = "/tmp/reactivebeat-test-log-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    guard mkfifo(path, 0o600) == 0 else { throw Failure("mkfifo \(path)", errno) }
    defer { unlink(path) }
    let reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    let writer = open(path, O_WRONLY | O_CLOEXEC)
    guard reader >= 0, writer >= 0 else { throw Failure("open \(path)", errno) }
    // F_SETPIPE_SZ: a larger buffer for lines that are logged while a test does something else. A full pipe would stop
    // the daemon.
    _ = fcntl(writer, 1031, 1 << 20)
    return (reader, writer)
  }

  deinit { closeLog() }

  // MARK: its log

  /// The first line with this message that no earlier call has taken and that fulfils the condition.
  ///
  /// Throws, with the log so far, if it did not come in time or the daemon ended.
  @discardableResult
  func wait(
    for message: String, key: String? = nil, within seconds: Int64 = 60,
    where condition: (LogLine) -> Bool = { _ in true }
  ) throws -> LogLine {
    let start = MonotonicTime.now()
    while true {
      if let index = waiting.firstIndex(where: {
        $0.message == message && (key == nil || $0.key == key) && condition($0)
      }) {
        return waiting.remove(at: index)
      }
      let left = seconds * 1000 - MonotonicTime.now().microseconds(since: start) / 1000
      guard left > 0 else { throw failure("no line \"\(message)\" \(key ?? "") within \(seconds) s") }
      guard read(patience: Int32(left)) else { throw failure("the daemon ended before a line \"\(message)\"") }
    }
  }

  /// The lines with this message so far, without waiting.
  func logged(_ message: String, key: String? = nil) -> [LogLine] {
    while isReadable, read(patience: 0) {}
    return lines.filter { $0.message == message && (key == nil || $0.key == key) }
  }

  /// How often this message was logged so far: single lines, and those that folded lines count.
  func told(_ message: String) -> Int {
    logged(message).reduce(0) { $0 + ($1.key == nil ? Int($1.number("count") ?? 1) : 1) }
  }

  /// The whole output so far, as text.
  var output: String {
    while isReadable, read(patience: 0) {}
    return (lines.map(\.description) + otherLines).joined(separator: "\n")
  }

  /// Closes the reading end: whatever the daemon logs from now on cannot be written.
  func closeLog() {
    if reader >= 0 { close(reader) }
    reader = -1
  }

  private var isReadable: Bool {
    var request = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
    return reader >= 0 && poll(&request, 1, 0) > 0
  }

  /// Reads what comes within `patience` milliseconds. Returns false at the end of the stream.
  private func read(patience: Int32) -> Bool {
    var request = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
    guard poll(&request, 1, patience) > 0 else { return true }
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    let count = Glibc.read(reader, &chunk, chunk.count)
    guard count > 0 else { return count < 0 && (errno == EINTR || errno == EAGAIN) }
    unparsed += chunk[..<count]
    while let end = unparsed.firstIndex(of: UInt8(ascii: "\n")) {
      if let line = LogLine(unparsed[..<end]) {
        lines.append(line)
        waiting.append(line)
      } else {
        let line = String(decoding: unparsed[..<end], as: UTF8.self)
        if line.hasPrefix("beat-watch: note: ") { notes.append(line) } else { otherLines.append(line) }
      }
      unparsed.removeFirst(end + 1)
    }
    return true
  }

  private func failure(_ text: String) -> Failure {
    Failure("\(text); its log:\n" + (lines.suffix(40).map(\.description) + otherLines).joined(separator: "\n"), 0)
  }

  // MARK: its life

  func send(_ signal: Int32) { process.send(signal) }
  var isRunning: Bool { !process.hasEnded() }

  /// How the daemon ended; throws if it has not within `seconds`. Reads the log to its end.
  @discardableResult
  func exit(within seconds: Int64 = 60) throws -> ChildProcess.Exit {
    guard let exit = process.wait(within: seconds) else { throw failure("the daemon has not ended in \(seconds) s") }
    if reader >= 0 { while read(patience: 1000) {} }
    return exit
  }

  /// Sends SIGTERM, and returns how the daemon ended.
  @discardableResult
  func stop(within seconds: Int64 = 60) throws -> ChildProcess.Exit {
    send(SIGTERM)
    return try exit(within: seconds)
  }

  /// Sends SIGKILL, which leaves the daemon no time for anything.
  func kill() throws {
    send(SIGKILL)
    try exit()
  }

  /// The daemon's command line as other users see it.
  var commandLine: String {
    let file = open("/proc/\(pid)/cmdline", O_RDONLY | O_CLOEXEC)
    defer { close(file) }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = Glibc.read(file, &buffer, buffer.count)
    return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
  }

  /// The daemon's peak memory so far, in bytes.
  func peakMemory() throws -> Int { try status("VmHWM:") * 1024 }
  /// The daemon's present memory, in bytes.
  func memory() throws -> Int { try status("VmRSS:") * 1024 }

  private func status(_ field: String) throws -> Int {
    guard let file = fopen("/proc/\(pid)/status", "re") else { throw Failure("status of \(pid)", errno) }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), file) != nil {
      let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      if text.hasPrefix(field) { return Int(text.dropFirst(field.count).filter(\.isNumber)) ?? 0 }
    }
    throw Failure("no \(field) in the status of \(pid)", 0)
  }
}
