import BeatCore

/// Rows in columns. On a terminal no line is longer than it is wide: `TableFit` says which column gives way first. Through a
/// pipe all is there, up to `Limit.cellLength`.
struct Table {
  struct Column {
    let title: String
    /// To the right, as numbers are.
    var isNumeric = false
    /// What the row is found by: the last to be cut, and then in its middle. At most one column is.
    var isName = false
    /// How narrow it may become; nil: it is left out rather than cut.
    var narrowest: Int?
    /// Which one is left out first where there is no room: the highest. 0: only where a name would have no room at all.
    var spare = 0
    /// It is at least so wide, where there is room.
    var width = 0
  }

  /// Where its text stands among that of all cells: a string of its own for each would cost more than the text.
  private struct Cell {
    let start: Int
    let length: Int32
    /// In columns of a terminal.
    let width: Int32
    let style: Style?
  }

  private let columns: [Column]
  private let hasTitles: Bool
  private var text: [UInt8] = []
  /// Of one row after the other, the titles first; in each row one for each column.
  private var cells: [Cell] = []
  /// The widest cell of each column.
  private var widest: [Int]

  init(_ columns: [Column], hasTitles: Bool = true) {
    self.columns = columns
    self.hasTitles = hasTitles
    widest = columns.map(\.width)
    add(columns.map { (hasTitles ? $0.title : "", .bold) })
  }

  /// - Parameter row: a cell for each column.
  mutating func add(_ row: [(text: String, style: Style?)]) {
    for index in columns.indices {
      var cell: (text: String, style: Style?) = index < row.count ? row[index] : ("", nil)
      if !columns[index].isName { cell.text = cell.text.beginning(Limit.cellLength.most) }
      let start = text.count
      text += cell.text.utf8
      let width = DisplayWidth.of(cell.text)
      widest[index] = max(widest[index], width)
      cells.append(
        Cell(start: start, length: Int32(text.count - start), width: Int32(width), style: cell.style))
    }
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
    let fit = fit(to: width)
    var line: [UInt8] = []
    for row in (hasTitles ? [-1] : []) + order {
      let first = (row + 1) * columns.count
      line.removeAll(keepingCapacity: true)
      for index in fit.shown {
        append(
          cells[first + index], index, fit.widths[index], isCut: width != nil, isLast: index == fit.shown.last,
          to: &line)
      }
      body(&line)
    }
  }

  private func fit(to width: Int?) -> TableFit {
    // A cell that is longer than this stands out of its column: one name does not make all lines as long.
    guard let width else { return TableFit(columns, widest.map { min($0, Self.widestAligned) }) }
    var widths = widest
    if let name = columns.firstIndex(where: \.isName) {
      let names = stride(from: name, to: cells.count, by: columns.count).lazy.map { Int(cells[$0].width) }
      widths[name] = TableFit.nameWidth(names, columns[name].width, within: width)
    }
    return TableFit(columns, widths, within: width)
  }

  /// Columns of a terminal.
  private static let widestAligned = 200

  private func append(
    _ cell: Cell, _ index: Int, _ width: Int, isCut: Bool, isLast: Bool, to line: inout [UInt8]
  ) {
    func pad(_ count: Int) {
      for _ in 0..<max(0, count) { line.append(UInt8(ascii: " ")) }
    }
    let bytes = text[cell.start..<(cell.start + Int(cell.length))]
    var padding = isCut ? width - Int(cell.width) : max(0, width - Int(cell.width))
    guard padding < 0 || cell.style != nil && Style.isOn else {
      if columns[index].isNumeric { pad(padding) }
      line += bytes
      if !isLast { pad((columns[index].isNumeric ? 0 : padding) + 2) }
      return
    }
    var content = String(decoding: bytes, as: UTF8.self)
    if padding < 0 {
      content = columns[index].isName ? Cut.middle(content, to: width) : Cut.end(content, to: width)
      // A character of two columns may not have filled the last one.
      padding = width - DisplayWidth.of(content)
    }
    if columns[index].isNumeric { pad(padding) }
    line += (cell.style?(content) ?? content).utf8
    if !isLast { pad((columns[index].isNumeric ? 0 : padding) + 2) }
  }
}
