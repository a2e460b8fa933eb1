/// What a schedule is to those who do not ask for its kind.
extension Schedule {
  /// The zone by whose clock it goes; nil: it does not follow a clock.
  package var zone: ZoneRules? {
    switch self {
    case .interval(let interval): interval.zone
    case .crontab(let crontab): crontab.zone
    case .clocked: nil
    }
  }

  /// The distance between two occurrences that the schedule itself names, microseconds; nil: it names times.
  var spacing: Int64? {
    switch self {
    case .interval(let interval): interval.microseconds
    case .crontab, .clocked: nil
    }
  }

  /// The one time of a schedule that comes once by itself, at an instant.
  var onlyInstant: UnixTime? {
    switch self {
    case .clocked(let time): time
    case .interval, .crontab: nil
    }
  }

  /// Whether it comes once by itself. Another time is then another run, and one that has passed is the only one there
  /// is.
  package var comesOnce: Bool { onlyInstant != nil }

  /// Whether it counts the time that has passed, and not what a clock shows: it moves along when the clock is set.
  var isElapsedTime: Bool {
    switch self {
    case .interval(let interval): !interval.relative && interval.zone == nil
    case .crontab, .clocked: false
    }
  }

  /// How exactly a person names one of its times: microseconds.
  var precision: Int64 {
    switch self {
    case .crontab: Period.minutes.microseconds
    case .interval, .clocked: Period.seconds.microseconds
    }
  }

  /// The fields of a crontab that do not take what its clock shows at an instant; nil: the schedule has no fields.
  package func mismatches(at time: UnixTime) -> [Crontab.Mismatch]? {
    switch self {
    case .crontab(let crontab): crontab.mismatches(at: time)
    case .interval, .clocked: nil
    }
  }
}
