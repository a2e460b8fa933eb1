import BeatCore

/// Runs, one on a line: `2026-11-21 05:00:00.000213Z  hourly  0.21 ms late  schedule  due 2026-11-21 05:00:00.000000Z  5d0e…`
struct HistoryLines {
  /// The width of the names' column so far, so that later lines are aligned with earlier ones. It is at most 40: one
  /// long name does not move all lines after it.
  private var nameWidth = 0

  mutating func write(_ records: [FireRecord], to output: inout StandardOutput) {
    guard !records.isEmpty else { return }
    var table = Table(
      [
        .init(title: "", narrowest: 20), .init(title: "", isName: true, width: nameWidth),
        .init(title: "", isNumeric: true, spare: 1, width: 15), .init(title: "", spare: 2, width: 9),
        .init(title: "", spare: 3), .init(title: "", spare: 4),
      ], hasTitles: false)
    for record in records {
      let name = record.name.description
      nameWidth = max(nameWidth, min(40, DisplayWidth.of(name)))
      table.add([
        (TimeText.stamp(record.firedAt), .faint), (name, .bold),
        (
          TimeText.span(record.late) + " late",
          record.late > 10_000_000 ? .red : record.late > 1_000_000 ? .yellow : nil
        ), (record.reason.printable, nil), ("due " + TimeText.stamp(record.due), nil),
        (record.taskID.printable, .faint),
      ])
    }
    table.write(Array(0..<records.count), to: &output, width: StandardOutput.width)
  }
}
