import Glibc

/// Shows how far a long operation is, in one line of a terminal, which is overwritten. Elsewhere it shows nothing.
struct Progress {
  private let what: String
  private let isShown = isatty(STDERR_FILENO) == 1
  private var shown = 0

  init(_ what: String) { self.what = what }

  /// - Parameter total: how many there are altogether; nil: not known yet.
  mutating func show(_ count: Int, of total: Int? = nil) {
    // A short operation shows nothing.
    guard isShown, count >= shown + 1000 else { return }
    shown = count
    write("\r\u{1B}[K\(what): \(count)\(total.map { " of \($0)" } ?? "")")
  }

  /// Removes the line.
  mutating func end() {
    if shown > 0 { write("\r\u{1B}[K") }
    shown = 0
  }

  private func write(_ text: String) {
    let bytes = Array(text.utf8)
    _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
  }
}
