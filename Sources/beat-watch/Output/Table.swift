/// Rows in columns. On a terminal it is made to fit: the columns that may be cut are, the widest first. Through a pipe
/// nothing is cut.
struct Table {
  struct Column {
    let title: String
    /// To the right, as numbers are.
    var isNumeric = false
    /// How narrow it may become; nil: it is never cut.
    var narrowest: Int?
  }

  private let columns: [Column]
  private var rows: [[(text: String, style: Style?)]] = []

  init(_ columns: [Column]) { self.columns = columns }

  /// - Parameter cells: one for each column.
  mutating func add(_ cells: [(text: String, style: Style?)]) { rows.append(cells) }

  func lines(width: Int?) -> [String] {
    let widths = fitted(to: width)
    let head = line(columns.map { ($0.title, Style.bold) }, widths)
    return [head] + rows.map { line($0, widths) }
  }

  private func fitted(to width: Int?) -> [Int] {
    var widths = columns.enumerated().map { index, column in
      rows.reduce(column.title.count) { max($0, index < $1.count ? $1[index].text.count : 0) }
    }
    guard let width else { return widths }
    var excess = widths.reduce(0, +) + 2 * (columns.count - 1) - width
    while excess > 0 {
      // The last column's tail may be cut too, if it says so.
      let candidates = columns.indices.filter { widths[$0] > (columns[$0].narrowest ?? Int.max) }
      guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { break }
      widths[widest] -= 1
      excess -= 1
    }
    return widths
  }

  private func line(_ cells: [(text: String, style: Style?)], _ widths: [Int]) -> String {
    var line = ""
    for (index, cell) in cells.enumerated() where index < columns.count {
      let isLast = index == columns.count - 1
      let text = cell.text.count > widths[index] ? cell.text.prefix(max(1, widths[index]) - 1) + "…" : cell.text[...]
      let padding = String(repeating: " ", count: max(0, widths[index] - text.count))
      let styled = cell.style?(String(text)) ?? String(text)
      if columns[index].isNumeric {
        line += padding + styled
      } else {
        line += isLast ? styled : styled + padding
      }
      if !isLast { line += "  " }
    }
    return line
  }
}
