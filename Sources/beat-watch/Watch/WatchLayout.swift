/// How the rows of a terminal are shared: a header, what comes next, what was fired, what was heard, and how to end it. It
/// goes by the size alone, and by how many schedules there are: nothing moves when something happens.
struct WatchLayout: Equatable {
  /// Rows for each list, without its title.
  let next: Int
  let fired: Int
  let heard: Int
  /// Whether there are empty rows between the parts.
  let isAiry: Bool

  /// So that each list has two rows.
  static let leastRows = 14

  /// Two of the header, a title for each list, and the last one.
  private static let fixed = 6

  /// - Parameters:
  ///   - rows: of the terminal.
  ///   - schedules: more than that, and more than `most`, never come next.
  ///
  /// nil: there are fewer than `leastRows`.
  init?(rows: Int, schedules: Int, most: Int) {
    guard rows >= Self.leastRows else { return nil }
    isAiry = rows >= 20
    let room = rows - Self.fixed - (isAiry ? 3 : 0)
    next = max(2, min(room / 2, schedules, most))
    heard = max(2, (room - next) / 3)
    fired = room - next - heard
  }
}
