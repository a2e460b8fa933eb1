/// One thing that `doctor` has looked at.
struct Finding {
  enum Level: String { case ok, warning, problem }

  let level: Level
  /// What was looked at, one word.
  let check: String
  let text: String
  /// What to do, as a command where one does it.
  let fix: String?

  var json: JSONOutput {
    .object([
      ("level", .text(level.rawValue)), ("check", .text(check)), ("text", .text(text)), ("fix", .text(fix)),
    ])
  }
}
