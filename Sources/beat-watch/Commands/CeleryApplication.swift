import BeatCore
import Glibc

/// A Celery application. Its own Python is asked for its `beat_schedule`, or for the routes of schedules from another
/// source.
struct CeleryApplication {
  /// The application's name, as for `celery -A`.
  let name: String
  let python: String
  /// The file in which celery beat keeps its last runs.
  let scheduleFile: String?

  /// The application's own schedules.
  func dump() throws -> [UInt8] {
    if let scheduleFile, !Self.isThere(scheduleFile) {
      throw CommandError(
        .missing,
        "--schedule-file \(scheduleFile): \(String(cString: strerror(ENOENT))); it is celery beat's own (its -s)")
    }
    return try ask([name] + [scheduleFile].compactMap(\.self))
  }

  /// Whether there is a file of that name, or one that a kind of dbm has made of it by a suffix.
  private static func isThere(_ file: String) -> Bool {
    let names = ["", ".db", ".dat", ".dir", ".pag"].map { file + $0 }
    return (names + (file.hasSuffix(".db") ? [String(file.dropLast(3))] : [])).contains { access($0, F_OK) == 0 }
  }

  /// Where the application sends schedules from another source, for `ApplicationRoutes`.
  func routes(of schedules: [ImportedSchedule], _ context: DocumentContext) throws -> [UInt8] {
    try ask([name, "", "routes"], ApplicationRoutes.question(schedules, context))
  }

  /// What the application says of its tasks, and of these that it may not have: the bytes of its manifest.
  func manifest(tasks: Set<String>) throws -> [UInt8] {
    let names = tasks.sorted().map { JSONOutput.text($0).line + "\n" }.joined()
    let answer = try ask([name, "", "manifest"], Array(names.utf8))
    guard let layout = try? DocumentLayout(answer) else {
      throw failure("the application has printed something else than its manifest")
    }
    if let error = layout.text("error") { throw failure(error) }
    guard let manifest = layout["manifest"], manifest.kind == .object else {
      throw failure("the application has printed something else than its manifest")
    }
    guard !Limit.manifestLength.isExceeded(by: manifest.range.count) else {
      throw failure("its manifest \(Limit.manifestLength.excess(manifest.range.count))")
    }
    return Array(answer[manifest.range])
  }

  /// What `Python/application.py` prints. What the application itself prints goes to standard error.
  ///
  /// - Parameter input: what the program reads from standard input. It reads all of it before it loads the application
  ///   or prints anything.
  private func ask(_ arguments: [String], _ input: [UInt8] = []) throws -> [UInt8] {
    let program = String(decoding: PackageResources.application_py, as: UTF8.self)
    var ends: [Int32] = [-1, -1]
    // A pair of sockets is used and no pipe, since a pipe would need a second call to be closed in the child.
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
      throw failure(String(cString: strerror(errno)))
    }
    defer { close(ends[0]) }
    defer { if ends[1] >= 0 { close(ends[1]) } }
    let pid = try start([python, "-c", program] + arguments, socket: ends[1])
    close(ends[1])
    ends[1] = -1
    var rest = input[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { send(ends[0], $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      // The program has ended before it read everything; its exit status says why.
      guard count > 0 || errno == EINTR else { break }
      rest = rest.dropFirst(max(0, count))
    }
    shutdown(ends[0], Int32(SHUT_WR))
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(ends[0], &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      bytes += chunk[..<count]
    }
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    guard status == 0 else { throw failure("\(python) ended with an error") }
    return bytes
  }

  private func start(_ words: [String], socket: Int32) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, socket, STDIN_FILENO)
    posix_spawn_file_actions_adddup2(&actions, socket, STDOUT_FILENO)
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for word in arguments { free(word) } }
    var pid: pid_t = 0
    let status = posix_spawnp(&pid, python, &actions, nil, &arguments, environ)
    guard status == 0 else {
      throw CommandError(
        .missing, "--python \(python): \(String(cString: strerror(status))); name the application's Python")
    }
    return pid
  }

  func failure(_ text: String) -> CommandError {
    CommandError(
      .data,
      "--celery-app \(name): \(text); run this where `celery -A \(name) report` works: in the application's folder, "
        + "with its Python (--python)")
  }
}
