import Glibc

/// A command's standard output, which is collected and written in large pieces.
struct StandardOutput: ~Copyable {
  private var buffer: [UInt8] = []
  private let indent: Int?

  /// - Parameter indent: breaks every line as `put(_:indent:)` does, with this indent; nil: lines are not broken.
  init(indent: Int? = nil) { self.indent = indent }

  /// Whether standard output is a terminal.
  static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  /// The terminal's columns; nil: standard output is no terminal.
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

  /// Adds a line for users, which is broken between words where it is longer than the terminal.
  ///
  /// - Parameter indent: the columns before each further line.
  mutating func put(_ line: String, indent: Int) {
    for line in Wrapping.lines(line, width: Self.width, indent: indent) { append(line) }
  }

  /// Adds a JSON array with each element on a line of its own.
  mutating func put(list elements: [JSONOutput]) {
    guard !elements.isEmpty else { return put("[]") }
    for (index, element) in elements.enumerated() {
      put((index == 0 ? "[" : " ") + element.line + (index == elements.count - 1 ? "]" : ","))
    }
  }

  /// Adds bytes as they are.
  mutating func put(bytes: [UInt8]) {
    buffer += bytes
    if buffer.count > 1 << 16 { flush() }
  }

  /// Writes what was collected. If the reader has gone (`| head`), the process ends by SIGPIPE, as others in a pipe do.
  /// Any other failure ends it with an error line.
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
