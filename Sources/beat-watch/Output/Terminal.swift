import BeatCore
import Glibc

/// The person at the terminal, and text from outside that is shown to them.
enum Terminal {
  /// Whether somebody can be asked.
  static var isInteractive: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

  /// Asks on stderr, so that standard output can be a pipe. An empty answer is the default; the end of input is no.
  ///
  /// - Parameter isAnswered: waits for the answer; false: there will be none, which is no.
  static func confirm(_ question: String, default preset: Bool, isAnswered: () -> Bool = { true }) -> Bool {
    _ = question.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    guard isAnswered(), let answer = readLine()?.lowercased() else { return false }
    return answer.isEmpty ? preset : answer == "y" || answer == "yes"
  }

  /// With its line ends and tabs, and without anything that could move the cursor or hide text.
  static func safe(_ text: String) -> String {
    text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }.map { line in
      line.split(separator: "\t", omittingEmptySubsequences: false).map { String($0).printable }.joined(separator: "\t")
    }.joined(separator: "\n")
  }
}
