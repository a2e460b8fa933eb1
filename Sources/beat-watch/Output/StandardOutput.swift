import Glibc

/// Standard output of a command: gathered, and written in large pieces.
struct StandardOutput: ~Copyable {
  private var buffer: [UInt8] = []
  private let indent: Int?

  /// - Parameter indent: if each line is for people, and broken like `put(_:indent:)`; nil: lines are put as they are.
  init(indent: Int? = nil) { self.indent = indent }

  /// Whether a person is looking.
  static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  /// Columns of the terminal, or nil if it is none.
  static var width: Int? {
    isTerminal ? TerminalSize.current.columns : nil
  }

  mutating func put(_ line: String) {
    if let indent { return put(line, indent: indent) }
    append(line)
  }

  private mutating func append(_ line: String) {
    buffer += line.utf8
    buffer.append(UInt8(ascii: "\n"))
    if buffer.count > 1 << 16 { flush() }
  }

  /// A line for people: on a terminal it is broken between words where it is longer.
  ///
  /// - Parameter indent: columns before each further line.
  mutating func put(_ line: String, indent: Int) {
    for line in Wrapping.lines(line, width: Self.width, indent: indent) { append(line) }
  }

  /// A JSON array, each element on a line of its own.
  mutating func put(list elements: [JSONOutput]) {
    guard !elements.isEmpty else { return put("[]") }
    for (index, element) in elements.enumerated() {
      put((index == 0 ? "[" : " ") + element.line + (index == elements.count - 1 ? "]" : ","))
    }
  }

  /// Bytes as they are.
  mutating func put(bytes: [UInt8]) {
    buffer += bytes
    if buffer.count > 1 << 16 { flush() }
  }

  /// Writes what is gathered. A reader who has gone (`| head`) ends the process as it ends every other one in a pipe;
  /// any other failure ends it with a line.
  mutating func flush() {
    var rest = buffer[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      if count < 0 {
        if errno == EPIPE {
          _ = signal(SIGPIPE, SIG_DFL)
          raise(SIGPIPE)
        }
        StandardError.write(line: "beat-watch: standard output: \(String(cString: strerror(errno)))")
        exit(74)
      }
      rest = rest.dropFirst(count)
    }
    buffer.removeAll(keepingCapacity: true)
  }
}
