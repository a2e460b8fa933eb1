import Glibc

/// How text looks on a terminal. Without a terminal, or with NO_COLOR, text has no escape sequences.
enum Style: String {
  case bold = "1"
  case faint = "2"
  case red = "31"
  case green = "32"
  case yellow = "33"
  case cyan = "36"

  /// Whether colours are wanted. (no-color.org: any value that is not empty)
  static let isOn: Bool = {
    guard StandardOutput.isTerminal else { return false }
    if let off = getenv("NO_COLOR"), off.pointee != 0 { return false }
    return getenv("TERM").map { String(cString: $0) } != "dumb"
  }()

  func callAsFunction(_ text: String) -> String { Style.isOn ? "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" : text }
}
