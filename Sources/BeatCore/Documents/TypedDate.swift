/// A date as Python programs write it: `{"__type__": "datetime", "year": 2026, …}` of celerybeat-redis, which is UTC, and
/// RedBeat's, with a `timezone`: a zone's name, or seconds east of UTC.
/// (Source: celerybeatredis/decoder.py; redbeat/decoder.py, 2.4)
struct TypedDate {
  var instant: UnixTime
  /// The name of its zone; nil: it names none, or is so many seconds away from UTC.
  var zone: String?

  private static let parts = ["year", "month", "day", "hour", "minute", "second", "microsecond"]

  /// - Parameters:
  ///   - path: of the date, for problems.
  ///   - zones: finds zones by their names; nil: only UTC is known.
  /// - Throws: the part that is wrong, by its path.
  init(
    _ members: [JSONMember], in bytes: [UInt8], path: String, zones: DocumentContext?
  ) throws(DocumentProblem) {
    var values: [Int?] = [nil, nil, nil, 0, 0, 0, 0]
    var timezone: JSONSlice?
    for member in members {
      let place = "\(path).\(DocumentProblem.excerpt(member.key.utf8))"
      switch member.key {
      case "__type__":
        guard JSONScanner.text(of: member.value, in: bytes) == "datetime" else {
          throw DocumentProblem(place, member.value, in: bytes, #"expected "datetime""#)
        }
      case "timezone": timezone = member.value.kind == .null ? nil : member.value
      case let key:
        guard let index = Self.parts.firstIndex(of: key) else {
          throw DocumentProblem(place, "is no part of a date; expected \(Self.parts.joined(separator: ", ")), timezone")
        }
        let number =
          JSONScanner.digits(of: member.value, in: bytes) ?? DocumentNumber(member.value, in: bytes)?.integer
        guard let part = number.flatMap({ Int(exactly: $0) }) else {
          throw DocumentProblem(place, member.value, in: bytes, "expected a whole number")
        }
        values[index] = part
      }
    }
    guard let year = values[0], let month = values[1], let day = values[2], let hour = values[3],
      let minute = values[4], let second = values[5], let microsecond = values[6]
    else {
      let missing = zip(Self.parts, values).first { $0.1 == nil }?.0 ?? ""
      throw DocumentProblem("\(path).\(missing)", "is missing; expected a whole number")
    }
    guard
      let civil = CivilTime(
        year: year, month: month, day: day, hour: hour, minute: minute, second: second, microsecond: microsecond)
    else {
      throw DocumentProblem(
        path, found: "\(year)-\(month)-\(day) \(hour):\(minute):\(second).\(microsecond)", "there is no such time")
    }
    (instant, zone) = try Self.instant(of: civil, in: timezone, bytes, "\(path).timezone", zones)
  }

  private static func instant(
    of civil: CivilTime, in timezone: JSONSlice?, _ bytes: [UInt8], _ path: String, _ zones: DocumentContext?
  ) throws(DocumentProblem) -> (UnixTime, String?) {
    guard let timezone else { return (civil.instant(utcOffset: 0), nil) }
    if let number = DocumentNumber(timezone, in: bytes) {
      guard let seconds = number.integer.flatMap({ Int(exactly: $0) }), (-86_399...86_399).contains(seconds) else {
        throw DocumentProblem(path, timezone, in: bytes, "expected whole seconds east of UTC, of less than a day")
      }
      return (civil.instant(utcOffset: seconds), nil)
    }
    guard let name = JSONScanner.text(of: timezone, in: bytes), !name.isEmpty else {
      throw DocumentProblem(
        path, timezone, in: bytes, #"expected a zone such as "Europe/Berlin", or seconds east of UTC"#)
    }
    if name == "UTC" { return (civil.instant(utcOffset: 0), name) }
    guard let zones else { throw DocumentProblem(path, timezone, in: bytes, "only UTC is known here") }
    do throws(ZoneError) {
      return (try zones.zone(name).instant(showing: civil), name)
    } catch {
      throw DocumentProblem(path, timezone, in: bytes, error.message)
    }
  }
}
