/// Which columns of a table are shown, and how wide, so that no line is longer than the terminal. What gives way, in this
/// order:
///
/// 1. Columns with a `narrowest` are cut to it, the widest first.
/// 2. Columns with a `spare` are left out, the highest first.
/// 3. The name is cut in its middle.
/// 4. Where fewer than `leastName` columns would be left of it, the others are left out, too, from the right.
struct TableFit {
  private(set) var shown: [Int]
  private(set) var widths: [Int]

  private static let leastName = 16

  /// All of them, whole.
  init(_ columns: [Table.Column], _ widest: [Int]) {
    shown = Array(columns.indices)
    widths = widest
  }

  init(_ columns: [Table.Column], _ widest: [Int], within width: Int) {
    let name = columns.firstIndex(where: \.isName)
    var shown = Array(columns.indices)
    // What is longer than the terminal is cut in any case; then the rest is a matter of a few steps.
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

  /// How wide the column of names should be: as the longest of those that the terminal could show whole. A longer one is
  /// cut in any case: for it the other columns do not go, beyond half of the terminal.
  static func nameWidth(_ names: some Sequence<Int>, _ preset: Int, within width: Int) -> Int {
    var (whole, longest) = (preset, preset)
    for name in names {
      longest = max(longest, name)
      if name <= width { whole = max(whole, name) }
    }
    return longest > width ? max(whole, width / 2) : whole
  }
}
