/// The fields that few entries need, and not for long. They are kept apart, so that the other entries need no memory
/// for them.
struct PassingState: Equatable {
  /// What would have been due until this time does not count as missed. An edit of the schedule sets it, among others.
  var floor: UnixTime?
  /// The nominal time of the occurrence that `run_immediately` asks for: when it was noticed.
  var immediate: UnixTime?
  /// The attempts that were refused in a row.
  var refusals: Refusals?
  /// When the backlog of a crontab that is far behind was last counted.
  var lookedAt: UnixTime?
  /// The sum of the clock's steps while the script was on its way; microseconds.
  var pendingStep: Int64 = 0
  /// The task whose script was on its way when the connection died, until its outcome is known.
  var lostAnswer: TaskID?

  static let none = PassingState()

  struct Refusals: Equatable {
    let count: Int
    let obstacle: Obstacle
  }
}

/// Why an occurrence that is due is deferred.
enum Obstacle: Equatable, CustomStringConvertible {
  /// The store's clock decides, and is this many tenths of a second behind this machine's. It is no more exact, so that
  /// the next attempt finds the same obstacle, and it is reported once.
  case clockBehind(tenths: Int64)
  /// The store refused, in these words.
  case refused(String)

  var description: String {
    switch self {
    case .clockBehind(let tenths):
      "the store's clock is \(DocumentNumber.seconds(tenths.saturatingMultiply(by: 100_000))) s behind ours, and rules"
    case .refused(let reason): reason
    }
  }
}
