import Glibc

/// One run of `beat-watch`, or of another program, to its end: what it printed on both streams, and its status.
struct CommandRun {
  let lines: [String]
  /// The notes that the installation does not fire, apart from the other lines: most tests run no daemon.
  let notes: [String]
  let exit: ChildProcess.Exit

  private static let note = "beat-watch: note: "

  /// - Parameter program: the program to run instead of beat-watch, with its first arguments.
  init(
    _ arguments: [String], program: [String]? = nil, input: String = "", environment: [String: String] = [:]
  ) throws {
    let folder = "/tmp/reactivebeat-test-run-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    guard mkdir(folder, 0o700) == 0 else { throw Failure("mkdir \(folder)", errno) }
    defer {
      unlink(folder + "/in")
      unlink(folder + "/out")
      rmdir(folder)
    }
    let writer = open(folder + "/in", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    let output = open(folder + "/out", O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    defer { [writer, output].forEach { close($0) } }
    var rest = Array(input.utf8)[...]
    while !rest.isEmpty { rest = rest.dropFirst(max(0, write(writer, Array(rest), rest.count))) }
    lseek(writer, 0, SEEK_SET)
    let process = try ChildProcess(
      (program ?? [ProjectFolder.beatWatch()]) + arguments, environment: environment, output: output, input: writer)
    guard let exit = process.wait(within: 60) else { throw Failure("\(program ?? []) \(arguments) does not end", 0) }
    self.exit = exit
    var status = stat()
    fstat(output, &status)
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    _ = pread(output, &bytes, bytes.count, 0)
    let all = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
      .map(String.init).dropLast()
    lines = all.filter { !$0.hasPrefix(Self.note) }
    notes = all.filter { $0.hasPrefix(Self.note) }
  }
}
