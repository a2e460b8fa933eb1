/// Why an interval is refused.
package struct IntervalError: Error, Hashable, CustomStringConvertible {
  /// What is wrong, with the value, and what to do.
  package let message: String

  package init(message: String) {
    self.message = message
  }

  package var description: String { message }
}

/// A schedule that comes again after a fixed time.
///
/// Occurrences are counted from the previous due time, not from the time it was noticed, so they do not drift.
package struct Interval: Hashable, Sendable {
  /// Microseconds between two occurrences: from the floor to 100 years.
  package let microseconds: Int64
  /// For `relative` the zone whose clock is rounded, otherwise the zone whose clock is divided into intervals.
  /// Nil for plain intervals and for `relative` in UTC.
  package let zone: ZoneRules?
  // The small one last: what follows an interval in memory begins right behind it.
  /// Whether occurrences are rounded down to a whole unit, as Celery's `relative` does; see `init`.
  package let relative: Bool

  /// 100 years of 365.25 days.
  package static let longest: Int64 = 36_525 * 86_400_000_000

  /// - Parameters:
  ///   - microseconds: from `floor` to `longest`.
  ///   - relative: the end of each interval is rounded down to the day (an interval of a day or more), the hour (an
  ///     hour or more) or the minute (a minute or more), as Celery's `delta_resolution` does, on the clock of
  ///     `zone`, UTC if nil. Shorter intervals are not rounded. Days are calendar days of that clock; hours and
  ///     minutes are real ones.
  ///   - zone: without `relative`, occurrences are the multiples of the interval on this zone's wall clock, counted
  ///     from 1970-01-01 00:00 there: 24 hours is midnight, 7 days is Thursday midnight. If clocks are changed by
  ///     less than the interval, a reading stepped over occurs once, later by the length of the gap, and a reading
  ///     shown twice occurs the first time only. Shorter intervals occur whenever the clock shows a multiple.
  ///   - floor: the smallest interval allowed, 10 ms unless told.
  package init(
    microseconds: Int64, relative: Bool = false, alignedIn zone: ZoneRules? = nil, floor: Int64 = 10_000
  ) throws(IntervalError) {
    try Self.check(microseconds, as: "\(microseconds) microseconds")
    guard microseconds >= floor else {
      throw IntervalError(message: Self.tooShort(Self.words(microseconds), floor))
    }
    self.microseconds = microseconds
    self.relative = relative
    self.zone = zone
  }

  /// The microseconds of a fractional number of units, rounded to the nearest.
  /// Throws if it is not a number, infinite, zero or negative, or over 100 years.
  package static func microseconds(every: Double, period: Period) throws(IntervalError) -> Int64 {
    let text = "\(every) \(period.rawValue)"
    guard every.isFinite else { throw IntervalError(message: "\(text) is not a number; use a positive one") }
    guard every > 0 else { throw notPositive(text) }
    let product = every * Double(period.microseconds)
    guard product <= Double(longest) else { throw tooLong(text) }
    // By hand: `rounded()` calls the C mathematics library, which this module does without.
    let whole = Int64(product)
    let rest = product - Double(whole)
    let rounded = rest > 0.5 || (rest == 0.5 && !whole.isMultiple(of: 2)) ? whole + 1 : whole
    guard rounded >= 1 else {
      throw IntervalError(message: "\(text) is less than a microsecond; use a longer interval")
    }
    return rounded
  }

  /// The microseconds of a whole number of units. Throws if it is zero or negative, or over 100 years.
  package static func microseconds(every: Int64, period: Period) throws(IntervalError) -> Int64 {
    let microseconds = every.saturatingMultiply(by: period.microseconds)
    try check(microseconds, as: "\(every) \(period.rawValue)")
    return microseconds
  }

  private static func check(_ microseconds: Int64, as text: String) throws(IntervalError) {
    guard microseconds > 0 else { throw notPositive(text) }
    guard microseconds <= longest else { throw tooLong(text) }
  }

  private static func notPositive(_ text: String) -> IntervalError {
    IntervalError(message: "\(text) is not positive, so it would run without a pause; use a number above zero")
  }

  private static func tooLong(_ text: String) -> IntervalError {
    IntervalError(message: "\(text) is over 100 years; to switch a schedule off, set \"enabled\" to false")
  }

  /// The sentence that refuses `what`, which comes more often than is allowed.
  static func tooShort(_ what: String, _ floor: Int64) -> String {
    "\(what) is too short; the shortest interval is \(words(floor))"
  }

  /// A length of time in the largest unit that divides it: `90 seconds`, `1 day`, `5 minutes`.
  static func words(_ microseconds: Int64) -> String {
    let (number, period) = parts(microseconds)
    return "\(number) \(number == 1 ? period.singular : period.rawValue)"
  }

  /// `every 90 seconds`, `every day on the clock of Europe/Berlin`.
  var inWords: String {
    let (number, period) = Self.parts(microseconds)
    let every = number == 1 ? "every \(period.singular)" : "every \(number) \(period.rawValue)"
    if relative { return "\(every), rounded down (relative) in \(zone?.name ?? "UTC")" }
    return zone.map { "\(every) on the clock of \($0.name)" } ?? every
  }

  private static func parts(_ microseconds: Int64) -> (Int64, Period) {
    let period = Period.allCases.first { $0 != .weeks && microseconds % $0.microseconds == 0 } ?? .microseconds
    return (microseconds / period.microseconds, period)
  }
}
