/// Rows in columns. On a terminal it is made to fit: the columns that may be cut are, the widest first, and where that is
/// not enough some are left out. Through a pipe all is there.
struct Table {
  struct Column {
    let title: String
    /// To the right, as numbers are.
    var isNumeric = false
    /// How narrow it may become; nil: it is never cut.
    var narrowest: Int?
    /// Which one is left out first where there is no room: the highest. 0: it stays.
    var spare = 0
  }

  private let columns: [Column]
  private var rows: [[(text: String, style: Style?)]] = []
  /// The widest cell of each column.
  private var widest: [Int]

  init(_ columns: [Column]) {
    self.columns = columns
    widest = columns.map { Self.width(of: $0.title) }
  }

  /// - Parameter cells: one for each column.
  mutating func add(_ cells: [(text: String, style: Style?)]) {
    rows.append(cells)
    for (index, cell) in cells.enumerated() where index < widest.count {
      widest[index] = max(widest[index], Self.width(of: cell.text))
    }
  }

  /// In characters. Nearly all text is ASCII, for which it is the number of bytes.
  private static func width(of text: String) -> Int {
    let bytes = text.utf8
    return bytes.allSatisfy { $0 < 0x80 && $0 != 0x0D } ? bytes.count : text.count
  }

  func lines(width: Int?) -> [String] {
    let (shown, widths) = fitted(to: width)
    let head = line(columns.map { ($0.title, Style.bold) }, shown, widths)
    return [head] + rows.map { line($0, shown, widths) }
  }

  /// The columns that are shown, and the width of each column.
  private func fitted(to width: Int?) -> (shown: [Int], widths: [Int]) {
    var widths = widest
    var shown = Array(columns.indices)
    guard let width else { return (shown, widths) }
    func total(_ width: (Int) -> Int) -> Int { shown.reduce(2 * (shown.count - 1)) { $0 + width($1) } }
    while total({ min(widths[$0], columns[$0].narrowest ?? .max) }) > width,
      let spare = shown.filter({ columns[$0].spare > 0 }).max(by: { columns[$0].spare < columns[$1].spare })
    {
      shown.removeAll { $0 == spare }
    }
    while total({ widths[$0] }) > width,
      let widest = shown.filter({ widths[$0] > columns[$0].narrowest ?? .max }).max(by: { widths[$0] < widths[$1] })
    {
      widths[widest] -= 1
    }
    return (shown, widths)
  }

  private func line(_ cells: [(text: String, style: Style?)], _ shown: [Int], _ widths: [Int]) -> String {
    var line = ""
    for index in shown where index < cells.count {
      let cell = cells[index]
      let isLast = index == shown.last
      var text = cell.text
      var width = Self.width(of: text)
      if width > widths[index] {
        text = text.prefix(max(1, widths[index]) - 1) + "…"
        width = widths[index]
      }
      let padding = max(0, widths[index] - width)
      if columns[index].isNumeric { line += String(repeating: " ", count: padding) }
      line += cell.style?(text) ?? text
      if isLast { continue }
      line += String(repeating: " ", count: (columns[index].isNumeric ? 0 : padding) + 2)
    }
    return line
  }
}
