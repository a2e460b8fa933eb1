/// What few entries have, and not for long: kept apart, so that the others do not pay for it.
struct PassingState: Equatable {
  /// Set by an edit of the schedule: what would have been due before does not count as missed.
  var floor: UnixTime?
  /// When `run_immediately` was noticed: its occurrence's nominal time.
  var immediate: UnixTime?
  /// Attempts that were refused in a row.
  var refusals: Refusals?
  /// When what is behind was last compared with what is caught up on: of a crontab that is far behind.
  var lookedAt: UnixTime?
  /// Steps of the clock while the script was on its way, microseconds.
  var pendingStep: Int64 = 0
  /// What was on its way when the connection died, until it is known what became of it.
  var lostAnswer: TaskID?

  static let none = PassingState()

  struct Refusals: Equatable {
    let count: Int
    let obstacle: Obstacle
  }
}

/// Why an occurrence that is due is deferred.
enum Obstacle: Equatable, CustomStringConvertible {
  /// The store's clock rules, and is so many tenths of a second behind ours. Not more exactly: at the next attempt it is
  /// the same, and is said once.
  case clockBehind(tenths: Int64)
  /// The store's own words.
  case refused(String)

  var description: String {
    switch self {
    case .clockBehind(let tenths):
      "the store's clock is \(DocumentNumber.seconds(tenths.saturatingMultiply(by: 100_000))) s behind ours, and rules"
    case .refused(let reason): reason
    }
  }
}
