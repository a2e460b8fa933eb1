@testable import beat_watch

/// The screen that results from what a program has written to a terminal. It understands the few sequences that
/// beat-watch uses; each other one is kept in `unknown`.
struct TerminalPicture {
  let rows: Int
  let columns: Int
  private var cells: [[String]]
  private var first: [[String]] = []
  private var (row, column) = (0, 0)
  private(set) var isCursorShown = true
  private(set) var isSecondScreen = false
  private(set) var unknown: [String] = []
  /// The number of lines that were too long and were broken by the terminal.
  private(set) var broken = 0

  init(_ text: String, rows: Int, columns: Int) {
    (self.rows, self.columns) = (rows, columns)
    cells = Self.empty(rows, columns)
    take(text)
  }

  private static func empty(_ rows: Int, _ columns: Int) -> [[String]] {
    Array(repeating: Array(repeating: " ", count: columns), count: rows)
  }

  /// The rows, without spaces at their ends.
  var lines: [String] {
    cells.map { row in
      let line = row.joined()
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }

  private mutating func take(_ text: String) {
    var rest = text[...]
    while let character = rest.popFirst() {
      switch character {
      case "\u{1B}":
        var sequence = ""
        while let next = rest.popFirst() {
          sequence.append(next)
          if next.isLetter { break }
        }
        obey(sequence)
      case "\r\n": (row, column) = (min(row + 1, rows - 1), 0)
      case "\r": column = 0
      case "\n": row = min(row + 1, rows - 1)
      default: put(character)
      }
    }
  }

  private mutating func put(_ character: Character) {
    let width = DisplayWidth.of(character)
    if column + width > columns {
      broken += 1
      (row, column) = (min(row + 1, rows - 1), 0)
    }
    guard width > 0 else {
      if column > 0 { cells[row][column - 1].append(character) }
      return
    }
    cells[row][column] = String(character)
    if width == 2 { cells[row][column + 1] = "" }
    column += width
  }

  private mutating func obey(_ sequence: String) {
    let numbers = sequence.dropFirst().dropLast().split(separator: ";").compactMap { Int($0) }
    switch (sequence, sequence.last) {
    case ("[?1049h", _): (first, cells, isSecondScreen) = (cells, Self.empty(rows, columns), true)
    case ("[?1049l", _): (cells, isSecondScreen) = (first, false)
    case ("[?25l", _): isCursorShown = false
    case ("[?25h", _): isCursorShown = true
    case ("[2J", _): cells = Self.empty(rows, columns)
    case ("[2K", _): cells[row] = Self.empty(1, columns)[0]
    case (_, "H"?): (row, column) = (min(numbers.first ?? 1, rows) - 1, min(numbers.last ?? 1, columns) - 1)
    case (_, "m"?): break
    default: unknown.append(sequence)
    }
  }
}
