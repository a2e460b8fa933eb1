import Testing

@testable import beat_watch

/// Which columns of a table are cut or left out, and that no line is longer than the terminal.
@Suite struct TableTests {
  /// Columns like those of `list`.
  private static let columns: [Table.Column] = [
    .init(title: "NAME", isName: true), .init(title: "TASK", narrowest: 12, spare: 2), .init(title: "ZONE", spare: 3),
    .init(title: "IN"), .init(title: "COUNT", isNumeric: true, spare: 4),
    .init(title: "STATE", narrowest: 10, spare: 1),
  ]

  private static let long = "nightly-report-of-the-finance-department-for-europe-and-asia"

  private func table(_ names: [String], task: String = "reports.build.everything") -> Table {
    var table = Table(Self.columns)
    for name in names {
      table.add([
        (name, nil), (task, nil), ("Europe/Berlin", nil), ("in 3 d 4 h", nil), ("12", nil),
        ("rejected: interval.every 0: expected more", nil),
      ])
    }
    return table
  }

  /// In a pipe only cells of an extreme length are cut. A long name does not widen the lines of the other rows.
  @Test func oneLongNameStandsOutOfItsColumn() {
    let long = String(repeating: "n", count: 6_000)
    let lines = table(["a", long]).lines(width: nil)
    #expect(lines[2].contains(long + "  reports") && lines.count == 3)
    #expect(lines[1].utf8.count < 400, "\(lines[1].utf8.count)")
    let cell = table(["a"], task: String(repeating: "t", count: 1_000_000)).lines(width: nil)[1]
    #expect(cell.utf8.count < 1_000 && cell.contains("…"))
  }

  private func titles(_ table: Table, _ width: Int) -> [String] {
    table.lines(width: width)[0].split(separator: " ").map(String.init)
  }

  /// The name stays whole as long as it has room beside the time.
  @Test func theNameIsCutLast() {
    #expect(Self.long.count == 60)
    let table = table([Self.long, "a"])
    for width in [80, 100, 120, 200] {
      let lines = table.lines(width: width)
      #expect(lines[1].hasPrefix(Self.long + " "), "\(lines)")
    }
    #expect(table.lines(width: 60)[1] == "nightly-report-of-the-fi…ent-for-europe-and-asia  in 3 d 4 h")
  }

  /// The order in which columns are cut, and in which they are left out.
  @Test func theOthersGiveWayInTheirOrder() {
    let table = table([String(Self.long.prefix(30))])
    #expect(titles(table, 200) == ["NAME", "TASK", "ZONE", "IN", "COUNT", "STATE"])
    #expect(table.lines(width: 200)[1].contains("expected more"))
    #expect(titles(table, 110) == ["NAME", "TASK", "ZONE", "IN", "COUNT", "STATE"])
    #expect(table.lines(width: 118)[1].contains("reports.build.everything") && table.lines(width: 118)[1].contains("…"))
    #expect(titles(table, 85) == ["NAME", "TASK", "ZONE", "IN", "STATE"])
    #expect(titles(table, 75) == ["NAME", "TASK", "IN", "STATE"])
    #expect(titles(table, 60) == ["NAME", "IN", "STATE"])
    #expect(titles(table, 45) == ["NAME", "IN"])
    #expect(titles(table, 20) == ["NAME"])
  }

  /// A name that is longer than the terminal does not take the room of the other columns.
  @Test func aNameThatIsLongerThanTheTerminal() {
    let lines = table([String(repeating: "x", count: 500), "a"]).lines(width: 120)
    #expect(titles(table([String(repeating: "x", count: 500), "a"]), 120).contains("TASK"), "\(lines)")
    #expect(lines[1].contains("…") && lines[2].hasPrefix("a "))
  }

  /// Two names that differ only at their end can be told apart.
  @Test func bothEndsAreKept() {
    let lines = table([Self.long + "-1", Self.long + "-2"]).lines(width: 60)
    #expect(lines[1] != lines[2] && lines[1].contains("-1  ") && lines[2].contains("-2  "))
  }

  @Test func columnsStandUnderEachOther() {
    let lines = table(["日報-東京", "🚀", "👨‍👩‍👧‍👦 family", "Zu\u{308}rich", "plain"]).lines(width: 120)
    let places = lines.map { line in
      line.firstRange(of: "in 3 d 4 h").map { DisplayWidth.of(line[..<$0.lowerBound]) }
    }
    #expect(Set(places.dropFirst()).count == 1, "\(lines.joined(separator: "\n"))")
  }

  @Test func inAPipeAllIsThere() {
    let name = String(repeating: "日", count: 300)
    let lines = table([name, "a"], task: String(repeating: "t", count: 400)).lines(width: nil)
    #expect(lines[1].contains(name) && lines[1].contains("expected more") && !lines[1].contains("…"))
  }

  /// No line is longer than the terminal, whatever is in the cells.
  @Test func noLineIsLonger() {
    let pieces = ["a", "-", "日", "🚀", "👨‍👩‍👧‍👦", "e\u{301}", "🇩🇪", "ﾊ", " ", "❤️", "report", "\u{1112}\u{1161}\u{11AB}"]
    for round in 0..<500 {
      var table = Table(Self.columns, hasTitles: round % 2 == 0)
      let rows = Int.random(in: 1...5)
      for _ in 0..<rows {
        table.add(
          Self.columns.map { _ in
            let length = Int.random(in: 0...8) == 0 ? Int.random(in: 0...300) : Int.random(in: 0...40)
            return ((0..<length).map { _ in pieces.randomElement() ?? "" }.joined(), nil)
          })
      }
      let width = round % 3 == 0 ? Int.random(in: 1...250) : [60, 80, 100, 120, 200].randomElement() ?? 80
      let lines = table.lines(width: width)
      #expect(lines.count == rows + (round % 2 == 0 ? 1 : 0))
      for line in lines { #expect(DisplayWidth.of(line) <= width && !line.contains("\n"), "\(width): \(line)") }
    }
  }

  /// A cell of a megabyte is cut without being measured again and again.
  @Test func aHugeCell() {
    let table = table(["a"], task: String(repeating: "日本 ", count: 200_000))
    #expect(table.lines(width: 100).allSatisfy { DisplayWidth.of($0) <= 100 })
  }
}
