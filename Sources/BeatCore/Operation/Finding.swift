/// One thing about an installation that was looked at.
package struct Finding: Hashable, Sendable {
  package enum Level: String, Sendable { case ok, warning, problem }

  package let level: Level
  /// What was looked at, one word.
  package let check: String
  package let text: String
  /// What to do, as a command where one does it.
  package let fix: String?

  package init(_ level: Level, _ check: String, _ text: String, fix: String? = nil) {
    self.level = level
    self.check = check
    self.text = text
    self.fix = fix
  }
}
