/// How the rows of a terminal are shared among a header, the next runs, the past fires, the noticed edits, and the line
/// that says how to quit. It depends only on the terminal's size and on the number of schedules, so that nothing moves
/// when something happens.
struct WatchLayout: Equatable {
  /// The rows of each list, without its title.
  let next: Int
  let fired: Int
  let heard: Int
  /// Whether there are empty rows between the parts.
  let isAiry: Bool

  /// The fewest rows, with which each list has two.
  static let leastRows = 14

  /// The rows outside the lists: two of the header, a title for each list, and the last line.
  private static let fixed = 6

  /// nil: there are fewer than `leastRows` rows.
  ///
  /// - Parameters:
  ///   - rows: the terminal's rows.
  ///   - schedules: how many schedules there are. The list of next runs has no more rows than this, but at least two.
  ///   - most: how many next runs the user wants to see.
  init?(rows: Int, schedules: Int, most: Int) {
    guard rows >= Self.leastRows else { return nil }
    isAiry = rows >= 20
    let room = rows - Self.fixed - (isAiry ? 3 : 0)
    next = max(2, min(room / 2, schedules, most))
    heard = max(2, (room - next) / 3)
    fired = room - next - heard
  }
}
