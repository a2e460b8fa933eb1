import BeatCore

/// Rows in columns. On a terminal no line is longer than the terminal is wide: `TableFit` says which column gives way
/// first. In a pipe every cell is whole, up to `Limit.cellLength`.
struct Table {
  struct Column {
    let title: String
    /// Whether cells are aligned to the right, as numbers are.
    var isNumeric = false
    /// Whether users find a row by this column. It is cut last, and then in its middle. At most one column is a name.
    var isName = false
    /// The width to which the column may be cut; nil: it is left out rather than cut.
    var narrowest: Int?
    /// The order in which columns are left out where there is no room, the highest first. A column with 0 is left out
    /// only where the name would have no room at all.
    var spare = 0
    /// The least width, where there is room.
    var width = 0
  }

  /// A cell: its place in `text`, which holds the text of all cells. A string for each cell would cost more than the
  /// text.
  private struct Cell {
    let start: Int
    let length: Int32
    /// The width in columns of a terminal.
    let width: Int32
    let style: Style?
  }

  private let columns: [Column]
  private let hasTitles: Bool
  private var text: [UInt8] = []
  /// The cells of one row after the other, the titles first. Each row has one cell for each column.
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

  /// - Parameter order: the numbers of the rows to write, in their order. The row that was added first is 0.
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
    // A longer cell sticks out of its column, so that one long name does not widen every line.
    guard let width else { return TableFit(columns, widest.map { min($0, Self.widestAligned) }) }
    var widths = widest
    if let name = columns.firstIndex(where: \.isName) {
      let names = stride(from: name, to: cells.count, by: columns.count).lazy.map { Int(cells[$0].width) }
      widths[name] = TableFit.nameWidth(names, columns[name].width, within: width)
    }
    return TableFit(columns, widths, within: width)
  }

  /// The widest column in a pipe, in columns of a terminal.
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
      // A wide character at the cut may leave one column empty.
      padding = width - DisplayWidth.of(content)
    }
    if columns[index].isNumeric { pad(padding) }
    line += (cell.style?(content) ?? content).utf8
    if !isLast { pad((columns[index].isNumeric ? 0 : padding) + 2) }
  }
}
