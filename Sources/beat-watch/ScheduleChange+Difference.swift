import BeatCore
import ReactiveBeat

extension ScheduleChange {
  /// The fields that differ, with a line for the old value and one for the new.
  var difference: [String] {
    guard let new = try? DocumentEditor(after) else { return [] }
    let old = before.bytes.flatMap { try? DocumentEditor($0) } ?? DocumentEditor()
    var lines: [String] = []
    let (oldValues, newValues) = (old.values, new.values)
    for key in old.keys + new.keys.filter({ oldValues[$0] == nil }) where oldValues[key] != newValues[key] {
      if let value = oldValues[key] { lines.append(Style.red("- \(Self.line(key, value))")) }
      if let value = newValues[key] { lines.append(Style.green("+ \(Self.line(key, value))")) }
    }
    return lines
  }

  private static func line(_ key: String, _ value: ArraySlice<UInt8>) -> String {
    "\(JSONLine.quoted(key)): \(String(decoding: value, as: UTF8.self))".printable
  }
}

extension CommandError {
  /// The problem as a command tells it, with the name of the command that helps.
  init(_ problem: ChangeProblem) {
    switch problem {
    case .missing(let name, let place, let item, let store):
      self = ScheduleSelection.missing(NamePattern(name), place: place, item: item, store: store)
    case .longName(let name):
      self.init(
        .data,
        "\(ScheduleSelection.problem(of: name) ?? "\(problem)"); nothing was changed: save it under a shorter name, and "
          + "delete this one with `beat-watch rm`")
    case .unreadable(let name, _):
      self.init(.data, "\(problem); mend it with `\(ShellWords.command("edit", name))`")
    case .otherType, .tooLong, .notText, .unusable: self.init(.data, "\(problem)")
    case .made, .changed, .deletedOrBroken, .restless, .changedAndKept, .deletedOrReplaced, .busy:
      self.init(.conflict, "\(problem)")
    }
  }

  /// An error that concerns one schedule; nil: the error would end any command.
  static func of(_ error: any Error) -> CommandError? {
    (error as? CommandError) ?? (error as? ChangeProblem).map { CommandError($0) }
  }
}
