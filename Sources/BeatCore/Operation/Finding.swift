/// The result of one check of an installation, such as `beat-watch doctor` prints.
package struct Finding: Hashable, Sendable {
  package enum Level: String, Sendable { case ok, warning, problem }

  package let level: Level
  /// What was checked, in one word.
  package let check: String
  package let text: String
  /// How to mend it, as a command where one does; nil: nothing is to be mended.
  package let fix: String?

  package init(_ level: Level, _ check: String, _ text: String, fix: String? = nil) {
    self.level = level
    self.check = check
    self.text = text
    self.fix = fix
  }
}
