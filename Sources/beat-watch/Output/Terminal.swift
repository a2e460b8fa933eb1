import BeatCore
import Glibc

/// Asks the user at the terminal, and makes text from outside safe to show there.
enum Terminal {
  /// Whether there is a user who can be asked.
  static var isInteractive: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

  /// Asks on stderr, so that standard output can be a pipe. An empty answer means the default; the end of input means
  /// no.
  ///
  /// - Parameter isAnswered: waits for the answer; false: no answer will come, which means no.
  static func confirm(_ question: String, default preset: Bool, isAnswered: () -> Bool = { true }) -> Bool {
    _ = question.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    guard isAnswered(), let answer = readLine()?.lowercased() else { return false }
    return answer.isEmpty ? preset : answer == "y" || answer == "yes"
  }

  /// The text with its line ends and tabs, but without anything that could move the cursor or hide text.
  static func safe(_ text: String) -> String {
    text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }.map { line in
      line.split(separator: "\t", omittingEmptySubsequences: false).map { String($0).printable }.joined(separator: "\t")
    }.joined(separator: "\n")
  }
}
