import BeatCore

/// Recorded edits, one on a line: `2026-11-21 05:00:00.000213Z  anna  command line on web1  change  hourly  1f0c… → 9ab2…`
enum EditLines {
  /// How many digits of a digest are shown: enough to tell a schedule's documents apart.
  private static let digits = 8

  static func write(_ edits: [EditRecord], to output: inout StandardOutput) {
    guard !edits.isEmpty else { return }
    var table = Table(
      [
        .init(title: "", narrowest: 20), .init(title: "", spare: 2), .init(title: "", spare: 3),
        .init(title: "", spare: 1), .init(title: "", isName: true), .init(title: "", spare: 4),
      ], hasTitles: false)
    for edit in edits {
      table.add([
        (TimeText.stamp(edit.at), .faint), (edit.user.printable, nil), (edit.origin.printable, nil),
        (edit.action.printable, nil), (edit.name?.description ?? "-", .bold), (details(edit), nil),
      ])
    }
    table.write(Array(0..<edits.count), to: &output, width: StandardOutput.width)
  }

  /// What the other columns do not say; no edit of ours has none.
  private static func details(_ edit: EditRecord) -> String {
    var parts: [String] = []
    if let name = edit.newName { parts.append("→ \(name)") }
    if edit.before != nil || edit.after != nil {
      parts.append(
        [edit.before, edit.after].map { $0.map { String($0.prefix(digits)) } ?? "-" }.joined(separator: " → "))
    }
    if let note = edit.note { parts.append(note.printable) }
    return parts.joined(separator: "  ")
  }

  static func object(_ edit: EditRecord) -> JSONOutput {
    .object([
      ("at", .text(edit.at.iso8601)), ("user", .text(edit.user)), ("origin", .text(edit.origin)),
      ("action", .text(edit.action)), ("name", .text(edit.name?.description)),
      ("new_name", .text(edit.newName?.description)), ("before", .text(edit.before)), ("after", .text(edit.after)),
      ("note", .text(edit.note)),
    ])
  }
}
