extension UnixTime {
  /// Reads `2026-03-08T02:30:00.123456+01:00`.
  ///
  /// Between date and time stands `T` or a space. Seconds and their fraction (after `.` or `,`; digits beyond
  /// microseconds are dropped) may be missing, and so may the whole time, which then is midnight. The zone is `Z`,
  /// `±hh:mm`, `±hhmm` or `±hh`; without one the time is UTC. Nil for anything else, for dates that do not exist and
  /// for instants outside `earliest ... latest`.
  package init?(iso8601 text: some StringProtocol) {
    guard let (civil, offset) = Self.reading(text) else { return nil }
    self.init(civil.instant(utcOffset: offset ?? 0))
  }

  /// The same, but a time without a zone is one of `zone`'s clocks, as `ZoneRules.instant(showing:)` finds it.
  package init?(iso8601 text: some StringProtocol, in zone: ZoneRules) {
    guard let (civil, offset) = Self.reading(text) else { return nil }
    self.init(offset.map { civil.instant(utcOffset: $0) } ?? zone.instant(showing: civil))
  }

  /// Nil outside `earliest ... latest`.
  private init?(_ time: UnixTime) {
    guard time == time.clamped else { return nil }
    self = time
  }

  /// What stands in the text, and the seconds east of UTC; nil where it names no zone.
  private static func reading(_ text: some StringProtocol) -> (CivilTime, Int?)? {
    var scanner = DigitScanner(bytes: Array(text.utf8.prefix(65)))
    guard scanner.bytes.count <= 64,
      let year = scanner.number(digits: 4), scanner.take("-"),
      let month = scanner.number(digits: 2), scanner.take("-"),
      let day = scanner.number(digits: 2)
    else { return nil }
    var (hour, minute, second, microsecond) = (0, 0, 0, 0)
    var offset: Int?
    if !scanner.isAtEnd {
      guard scanner.take("T") || scanner.take("t") || scanner.take(" "),
        let hourRead = scanner.number(digits: 2), scanner.take(":"), let minuteRead = scanner.number(digits: 2)
      else { return nil }
      (hour, minute) = (hourRead, minuteRead)
      if scanner.take(":") {
        guard let secondRead = scanner.number(digits: 2) else { return nil }
        second = secondRead
        if scanner.take(".") || scanner.take(",") {
          guard let fraction = scanner.microseconds() else { return nil }
          microsecond = fraction
        }
      }
      if !scanner.isAtEnd {
        guard let offsetRead = scanner.utcOffset() else { return nil }
        offset = offsetRead
      }
    }
    guard scanner.isAtEnd,
      let civil = CivilTime(
        year: year, month: month, day: day, hour: hour, minute: minute, second: second, microsecond: microsecond)
    else { return nil }
    return (civil, offset)
  }

  /// The instant in UTC with `Z` and as many sub-second digits as needed, none to six: `2026-03-08T02:30:00.5Z`.
  /// Years outside 0-9999 carry a sign and at least six digits, as ISO 8601 asks.
  package var iso8601: String {
    var text: [UInt8] = []
    text.reserveCapacity(32)
    text.append(iso8601: self)
    text.append(UInt8(ascii: "Z"))
    return String(decoding: text, as: UTF8.self)
  }

  /// The instant as a zone's clocks show it, with their distance from UTC: `2026-03-08T02:30:00+01:00`. It is in UTC
  /// where ISO 8601 cannot say the distance, since it is no whole number of minutes, or the year.
  package func localISO8601(in zone: ZoneRules) -> String {
    let offset = zone.utcOffset(at: self)
    let shown = advanced(by: Int64(offset) * 1_000_000)
    guard offset != 0, offset % 60 == 0, shown == shown.clamped else { return iso8601 }
    let minutes = abs(offset) / 60
    return shown.iso8601.dropLast() + (offset < 0 ? "-" : "+") + padded(minutes / 60, 2) + ":" + padded(minutes % 60, 2)
  }
}

extension [UInt8] {
  /// The reading in the form of `UnixTime.iso8601`, without the zone.
  mutating func append(iso8601 time: UnixTime) {
    let civil = CivilTime(utc: time)
    if (0...9999).contains(civil.year) {
      append(civil.year, width: 4)
    } else {
      append(UInt8(ascii: civil.year < 0 ? "-" : "+"))
      append(abs(civil.year), width: 6)
    }
    append(UInt8(ascii: "-"))
    append(civil.month, width: 2)
    append(UInt8(ascii: "-"))
    append(civil.day, width: 2)
    append(UInt8(ascii: "T"))
    append(civil.hour, width: 2)
    append(UInt8(ascii: ":"))
    append(civil.minute, width: 2)
    append(UInt8(ascii: ":"))
    append(civil.second, width: 2)
    guard civil.microsecond != 0 else { return }
    append(UInt8(ascii: "."))
    append(civil.microsecond, width: 6)
    while last == UInt8(ascii: "0") { removeLast() }
  }

  /// A number, 0 or more, with zeros before it up to `width` digits.
  mutating func append(_ number: some FixedWidthInteger, width: Int) {
    let rest = UInt64(truncatingIfNeeded: number)
    var size = 1
    var power: UInt64 = 10
    while size < 20, rest >= power {
      size += 1
      power = size < 20 ? power &* 10 : power
    }
    size = Swift.max(size, width)
    append(addingCapacity: size) { digits in digits.append(digitsOf: rest, count: size) }
  }
}

extension OutputSpan<UInt8> {
  /// The last `count` decimal digits of a number.
  mutating func append(digitsOf number: UInt64, count: Int) {
    let start = self.count
    append(repeating: UInt8(ascii: "0"), count: count)
    var rest = number
    var place = start + count
    while rest > 0, place > start {
      place -= 1
      self[place] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
  }
}

/// A number, 0 or more, with leading zeros.
func padded(_ number: Int, _ width: Int) -> String {
  var digits: [UInt8] = []
  digits.append(number, width: width)
  return String(decoding: digits, as: UTF8.self)
}

private struct DigitScanner {
  let bytes: [UInt8]
  private var position = 0

  init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  var isAtEnd: Bool { position >= bytes.count }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard let next, UInt32(next) == character.value else { return false }
    position += 1
    return true
  }

  private mutating func digit() -> Int? {
    guard let next, (0x30...0x39).contains(next) else { return nil }
    position += 1
    return Int(next) - 0x30
  }

  mutating func number(digits: Int) -> Int? {
    var number = 0
    for _ in 0..<digits {
      guard let digit = digit() else { return nil }
      number = number * 10 + digit
    }
    return number
  }

  /// One digit or more after the decimal mark, in microseconds.
  mutating func microseconds() -> Int? {
    var (value, weight, found) = (0, 100_000, false)
    while let digit = digit() {
      value += digit * weight
      weight /= 10
      found = true
    }
    return found ? value : nil
  }

  /// Seconds east of UTC.
  mutating func utcOffset() -> Int? {
    if take("Z") || take("z") { return 0 }
    let sign: Int
    if take("+") { sign = 1 } else if take("-") { sign = -1 } else { return nil }
    guard let hours = number(digits: 2) else { return nil }
    var minutes = 0
    if !isAtEnd {
      _ = take(":")
      guard let minutesRead = number(digits: 2) else { return nil }
      minutes = minutesRead
    }
    guard hours < 24, minutes < 60 else { return nil }
    return sign * (hours * 3_600 + minutes * 60)
  }
}
