/// Which columns of a table are shown, and how wide, so that no line is longer than the terminal. Columns give way in
/// this order:
///
/// 1. Columns with a `narrowest` are cut to it, the widest first.
/// 2. Columns with a `spare` are left out, the highest first.
/// 3. The name is cut in its middle.
/// 4. Where fewer than `leastName` columns would be left for the name, the other columns are left out from the right.
struct TableFit {
  private(set) var shown: [Int]
  private(set) var widths: [Int]

  private static let leastName = 16

  /// All columns, at their full width.
  init(_ columns: [Table.Column], _ widest: [Int]) {
    shown = Array(columns.indices)
    widths = widest
  }

  init(_ columns: [Table.Column], _ widest: [Int], within width: Int) {
    let name = columns.firstIndex(where: \.isName)
    var shown = Array(columns.indices)
    // A wider cell is cut in any case. With this bound the loops below take few steps.
    var widths = widest.map { min($0, width) }
    func total(_ width: (Int) -> Int) -> Int { shown.reduce(2 * (shown.count - 1)) { $0 + width($1) } }
    func least(_ index: Int) -> Int { min(widths[index], columns[index].narrowest ?? .max) }
    while total(least) > width,
      let spare = shown.filter({ columns[$0].spare > 0 && $0 != name }).max(by: {
        columns[$0].spare < columns[$1].spare
      })
    {
      shown.removeAll { $0 == spare }
    }
    while total({ $0 == name ? min(widths[$0], Self.leastName) : least($0) }) > width,
      let last = shown.last(where: { $0 != name }), shown.count > 1
    {
      shown.removeAll { $0 == last }
    }
    while total({ widths[$0] }) > width,
      let widest = shown.filter({ $0 != name && widths[$0] > least($0) }).max(by: { widths[$0] < widths[$1] })
    {
      widths[widest] -= 1
    }
    let excess = total { widths[$0] } - width
    if excess > 0, let cut = name ?? shown.last { widths[cut] = max(min(widths[cut], 1), widths[cut] - excess) }
    self.shown = shown
    self.widths = widths
  }

  /// How wide the column of names should be: as wide as the longest name that fits into the terminal. A longer name is
  /// cut in any case; for its sake the column takes at most half of the terminal from the others.
  static func nameWidth(_ names: some Sequence<Int>, _ preset: Int, within width: Int) -> Int {
    var (whole, longest) = (preset, preset)
    for name in names {
      longest = max(longest, name)
      if name <= width { whole = max(whole, name) }
    }
    return longest > width ? max(whole, width / 2) : whole
  }
}
