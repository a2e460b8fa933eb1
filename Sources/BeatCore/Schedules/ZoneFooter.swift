/// The rule at the end of a TZif file, for all times after its last transition: a POSIX TZ string such as
/// `CET-1CEST,M3.5.0,M10.5.0/3`, with the extension of RFC 9636 that rule times run from -167 to 167 hours.
///
/// "Daylight" is whatever the rule calls so; Dublin's is behind its standard time.
struct ZoneFooter: Hashable, Sendable {
  var standard: LocalTimeType
  /// Nil if the zone knows no daylight saving time.
  var daylight: Daylight?

  struct Daylight: Hashable, Sendable {
    var type: LocalTimeType
    var start: Boundary
    var end: Boundary
  }

  /// A day of each year and a time, in seconds, after its midnight in the local time then in force.
  struct Boundary: Hashable, Sendable {
    var day: DayRule
    var time: Int64

    /// Seconds since the epoch as if the wall clock were UTC.
    func reading(year: Int64) -> Int64 { day.days(year: year) &* 86_400 &+ time }
  }

  enum DayRule: Hashable, Sendable {
    /// `Jn`: 1-365, 29 February not counted.
    case julian(Int64)
    /// `n`: 0-365, 29 February counted.
    case zeroBased(Int64)
    /// `Mm.w.d`: week 5 is the last; day 0 is Sunday.
    case weekday(month: Int64, week: Int64, day: Int64)

    /// Days since 1970-01-01.
    func days(year: Int64) -> Int64 {
      switch self {
      case .julian(let number):
        let leapShift: Int64 = Gregorian.isLeap(year) && number >= 60 ? 1 : 0
        return Gregorian.days(year: year, month: 1, day: 1) &+ number &- 1 &+ leapShift
      case .zeroBased(let number):
        return Gregorian.days(year: year, month: 1, day: 1) &+ number
      case .weekday(let month, let week, let day):
        let first = Gregorian.days(year: year, month: month, day: 1)
        let firstMatch = (day &- Gregorian.dayOfWeek(days: first)).flooredRemainder(by: 7)
        let inMonth = firstMatch &+ (week &- 1) &* 7
        return first &+ (inMonth < Gregorian.daysInMonth(year: year, month: month) ? inMonth : inMonth &- 7)
      }
    }
  }

  /// A stretch of time with one local time type.
  struct Span {
    /// First second; `Int64.min` without daylight saving.
    var start = Int64.min
    /// First second after it; `Int64.max` without daylight saving.
    var end = Int64.max
    var isDaylight = false
    /// First second of the stretch before it.
    var previousStart = Int64.min
    /// Whether the stretch before it was daylight.
    var wasDaylight = false
  }

  func type(daylight isDaylight: Bool) -> LocalTimeType {
    isDaylight ? daylight?.type ?? standard : standard
  }

  /// The stretch that holds a second (counted from the epoch).
  ///
  /// Where an end and the next start fall on the same second, as they do in zones with daylight saving all year, the
  /// start wins: daylight goes on.
  func span(at time: Int64) -> Span {
    guard let daylight else { return Span() }
    let year = Gregorian.date(days: time.flooredDivision(by: 86_400)).year
    var span = Span()
    // A rule time moves a boundary by a week at most, so two years either way hold both neighbours of any second.
    for candidate in (year &- 2)...(year &+ 2) {
      for starts in [true, false] {
        let time0 =
          starts
          ? daylight.start.reading(year: candidate) &- standard.utcOffset
          : daylight.end.reading(year: candidate) &- daylight.type.utcOffset
        if time0 > time {
          span.end = min(span.end, time0)
        } else if time0 > span.start {
          (span.previousStart, span.wasDaylight) = (span.start, span.isDaylight)
          (span.start, span.isDaylight) = (time0, starts)
        } else if time0 == span.start {
          span.isDaylight = span.isDaylight || starts
        } else if time0 > span.previousStart {
          (span.previousStart, span.wasDaylight) = (time0, starts)
        } else if time0 == span.previousStart {
          span.wasDaylight = span.wasDaylight || starts
        }
      }
    }
    return span
  }

  /// Reads a TZ string. Throws if it has trailing text or anything out of range.
  init(_ line: ArraySlice<UInt8>) throws(ZoneFileFault) {
    var scanner = FooterScanner(rest: line)
    guard line.count <= 256, let parsed = scanner.rule(), scanner.rest.isEmpty else {
      throw ZoneFileFault("its last line \(quoted(String(decoding: line.prefix(64), as: UTF8.self))) is no TZ rule")
    }
    self = parsed
  }

  init(standard: LocalTimeType, daylight: Daylight? = nil) {
    self.standard = standard
    self.daylight = daylight
  }
}

private struct FooterScanner {
  var rest: ArraySlice<UInt8>

  mutating func rule() -> ZoneFooter? {
    guard let standardName = name(), let standardOffset = offset() else { return nil }
    let standard = LocalTimeType(utcOffset: -standardOffset, isDST: false, abbreviation: standardName)
    if rest.isEmpty { return ZoneFooter(standard: standard) }
    guard let daylightName = name() else { return nil }
    var daylightOffset = standardOffset - 3_600
    if let next = rest.first, next != 0x2C {
      guard let explicit = offset() else { return nil }
      daylightOffset = explicit
    }
    guard let start = boundary(), let end = boundary() else { return nil }
    let type = LocalTimeType(utcOffset: -daylightOffset, isDST: true, abbreviation: daylightName)
    return ZoneFooter(standard: standard, daylight: .init(type: type, start: start, end: end))
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard rest.first == byte else { return false }
    rest.removeFirst()
    return true
  }

  /// Three letters or more, or `<…>` which may hold digits and signs too.
  private mutating func name() -> String? {
    let isQuoted = take(0x3C)
    let characters = rest.prefix { byte in
      switch byte {
      case 0x41...0x5A, 0x61...0x7A: true
      case 0x30...0x39, 0x2B, 0x2D: isQuoted
      default: false
      }
    }
    rest = rest.dropFirst(characters.count)
    guard characters.count >= 3, !isQuoted || take(0x3E) else { return nil }
    return String(decoding: characters, as: UTF8.self)
  }

  private mutating func number(_ range: ClosedRange<Int64>) -> Int64? {
    let digits = rest.prefix { (0x30...0x39).contains($0) }
    guard (1...3).contains(digits.count) else { return nil }
    rest = rest.dropFirst(digits.count)
    let value = digits.reduce(Int64(0)) { $0 * 10 + Int64($1) - 0x30 }
    return range.contains(value) ? value : nil
  }

  /// `[+|-]hh[:mm[:ss]]` in seconds.
  private mutating func clock(hours range: ClosedRange<Int64>) -> Int64? {
    let isNegative = take(0x2D)
    if !isNegative { _ = take(0x2B) }
    guard var seconds = number(range) else { return nil }
    seconds *= 3_600
    if take(0x3A) {
      guard let minutes = number(0...59) else { return nil }
      seconds += minutes * 60
      if take(0x3A) {
        guard let rest = number(0...59) else { return nil }
        seconds += rest
      }
    }
    return isNegative ? -seconds : seconds
  }

  private mutating func offset() -> Int64? { clock(hours: 0...24) }

  private mutating func boundary() -> ZoneFooter.Boundary? {
    guard take(0x2C), let day = day() else { return nil }
    guard take(0x2F) else { return .init(day: day, time: 7_200) }
    guard let time = clock(hours: 0...167) else { return nil }
    return .init(day: day, time: time)
  }

  private mutating func day() -> ZoneFooter.DayRule? {
    if take(0x4A) { return number(1...365).map { .julian($0) } }
    guard take(0x4D) else { return number(0...365).map { .zeroBased($0) } }
    guard let month = number(1...12), take(0x2E), let week = number(1...5), take(0x2E), let day = number(0...6)
    else { return nil }
    return .weekday(month: month, week: week, day: day)
  }
}
