import BeatCore
import ReactiveBeat

extension ScheduleChange {
  /// A field that differs, with its values as JSON; nil: the field was, or is, not there.
  struct ChangedField {
    let name: String
    let before: String?
    let after: String?
  }

  /// The fields that differ. Empty if the new text is no JSON object.
  var changedFields: [ChangedField] {
    guard let new = try? DocumentEditor(after) else { return [] }
    let old = before.bytes.flatMap { try? DocumentEditor($0) } ?? DocumentEditor()
    let (oldValues, newValues) = (old.values, new.values)
    func text(_ value: ArraySlice<UInt8>?) -> String? { value.map { String(decoding: $0, as: UTF8.self) } }
    return (old.keys + new.keys.filter { oldValues[$0] == nil }).filter { oldValues[$0] != newValues[$0] }.map {
      ChangedField(name: $0, before: text(oldValues[$0]), after: text(newValues[$0]))
    }
  }

  /// The fields that differ, with a line for the old value and one for the new.
  var difference: [String] {
    changedFields.flatMap { field in
      [
        field.before.map { Style.red("- \(Self.line(field.name, $0))") },
        field.after.map { Style.green("+ \(Self.line(field.name, $0))") },
      ].compactMap { $0 }
    }
  }

  private static func line(_ key: String, _ value: String) -> String { "\(JSONLine.quoted(key)): \(value)".printable }
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
