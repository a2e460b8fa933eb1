import Glibc

/// A terminal's size, in characters.
struct TerminalSize: Equatable {
  let rows: Int
  let columns: Int

  /// The size of standard output's terminal. If it is not known, it is 24 by 80.
  static var current: TerminalSize { of(STDOUT_FILENO) }

  static func of(_ descriptor: Int32) -> TerminalSize {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 else { return TerminalSize(rows: 24, columns: 80) }
    return TerminalSize(
      rows: size.ws_row > 0 ? Int(size.ws_row) : 24, columns: size.ws_col > 0 ? Int(size.ws_col) : 80)
  }
}
