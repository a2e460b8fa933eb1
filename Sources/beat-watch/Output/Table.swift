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

  /// Where its text stands among that of all cells: a string of its own for each would cost more than the text.
  private struct Cell {
    let start: Int
    let length: Int32
    /// In characters.
    let width: Int32
    let style: Style?
  }

  private let columns: [Column]
  private var text: [UInt8] = []
  /// Of one row after the other, the titles first; in each row one for each column.
  private var cells: [Cell] = []
  /// The widest cell of each column.
  private var widest: [Int]

  init(_ columns: [Column]) {
    self.columns = columns
    widest = columns.map { _ in 0 }
    add(columns.map { ($0.title, .bold) })
  }

  /// - Parameter row: a cell for each column.
  mutating func add(_ row: [(text: String, style: Style?)]) {
    for index in columns.indices {
      let cell: (text: String, style: Style?) = index < row.count ? row[index] : ("", nil)
      let start = text.count
      text += cell.text.utf8
      let width = Self.width(of: cell.text)
      widest[index] = max(widest[index], width)
      cells.append(
        Cell(start: start, length: Int32(text.count - start), width: Int32(width), style: cell.style))
    }
  }

  /// In characters. Nearly all text is ASCII, for which it is the number of bytes.
  private static func width(of text: String) -> Int {
    let bytes = text.utf8
    return bytes.allSatisfy { $0 < 0x80 && $0 != 0x0D } ? bytes.count : text.count
  }

  func lines(width: Int?) -> [String] {
    var lines: [String] = []
    eachLine(Array(0..<count), width: width) { lines.append(String(decoding: $0, as: UTF8.self)) }
    return lines
  }

  /// How many rows have been added.
  var count: Int { cells.count / max(1, columns.count) - 1 }

  /// - Parameter order: of the rows, the first one added is 0.
  func write(_ order: [Int], to output: inout StandardOutput, width: Int?) {
    eachLine(order, width: width) { line in
      line.append(UInt8(ascii: "\n"))
      output.put(bytes: line)
    }
  }

  private func eachLine(_ order: [Int], width: Int?, _ body: (inout [UInt8]) -> Void) {
    let (shown, widths) = fitted(to: width)
    var line: [UInt8] = []
    for row in [-1] + order {
      let first = (row + 1) * columns.count
      line.removeAll(keepingCapacity: true)
      for index in shown { append(cells[first + index], index, widths[index], isLast: index == shown.last, to: &line) }
      body(&line)
    }
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

  private func append(_ cell: Cell, _ index: Int, _ widest: Int, isLast: Bool, to line: inout [UInt8]) {
    func pad(_ count: Int) {
      for _ in 0..<max(0, count) { line.append(UInt8(ascii: " ")) }
    }
    let bytes = text[cell.start..<(cell.start + Int(cell.length))]
    let padding = widest - Int(cell.width)
    if columns[index].isNumeric { pad(padding) }
    if let style = cell.style, Style.isOn {
      let content = String(decoding: bytes, as: UTF8.self)
      line += style(padding < 0 ? Self.cut(content, to: widest) : content).utf8
    } else if padding < 0 {
      line += Self.cut(String(decoding: bytes, as: UTF8.self), to: widest).utf8
    } else {
      line += bytes
    }
    if !isLast { pad((columns[index].isNumeric ? 0 : max(0, padding)) + 2) }
  }

  private static func cut(_ text: String, to width: Int) -> String { text.prefix(max(1, width) - 1) + "…" }
}
