/// The kinds of schedules, each named as the field of a document that holds it.
///
/// This is the list of kinds. What a kind does is in the `switch`es over `Schedule` in this folder; how it stands in
/// documents is in its `ScheduleForm`.
package enum ScheduleKind: String, CaseIterable, Sendable {
  case interval, crontab, clocked

  /// Whether its occurrences go on until something else ends them.
  var comesAgain: Bool {
    switch self {
    case .interval, .crontab: true
    case .clocked: false
    }
  }

  /// Whether each schedule of the kind names readings of a wall clock, and so means nothing without a zone.
  package var followsWallClock: Bool {
    switch self {
    case .crontab: true
    case .interval, .clocked: false
    }
  }
}

extension Schedule {
  package var kind: ScheduleKind {
    switch self {
    case .interval: .interval
    case .crontab: .crontab
    case .clocked: .clocked
    }
  }
}
