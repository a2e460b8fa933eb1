/// A date in a schedule document, with the form in which it was written, so that it is written back in that form.
///
/// Forms: `{"__type__": "datetime", "year": …}` (celerybeat-redis), `{"$date": …}` (mongoexport), `ISODate("…")` (the
/// mongo shell), ISO 8601 text, and seconds since 1970. A date without a zone is UTC, as in Celery.
struct DocumentDate: Hashable {
  var instant: UnixTime
  var form: Form

  enum Form: Hashable {
    /// `spaced` tells Python's `": "` from the compact style.
    case typed(spaced: Bool)
    case dollarDateText(ISOForm)
    case dollarDateMilliseconds
    case dollarDateNumberLong
    case shellCall(name: String, ISOForm)
    case text(ISOForm)
    case epochSeconds
  }

  /// What ISO 8601 leaves open.
  struct ISOForm: Hashable {
    var separator = UInt8(ascii: "T")
    /// As written after the time: nothing, "Z" or an offset.
    var zone: String = "Z"
    var offsetSeconds: Int = 0
  }

  static let forms =
    #"{"__type__": "datetime", "year": …}, {"$date": …}, ISODate("…"), ISO 8601 text or seconds since 1970"#
  static let expected = "expected a date: " + forms

  init?(_ slice: JSONSlice, in bytes: [UInt8]) {
    switch slice.kind {
    case .number:
      guard let seconds = DocumentNumber(slice, in: bytes)?.microseconds(perUnit: 1_000_000) else { return nil }
      self.init(UnixTime(microseconds: seconds), .epochSeconds)
    case .string:
      guard let text = JSONScanner.text(of: slice, in: bytes), let (instant, form) = Self.iso(text) else { return nil }
      self.init(instant, .text(form))
    case .object:
      let members = JSONScanner.members(of: slice, in: bytes)
      if members.contains(where: { $0.key == "__type__" }) {
        guard let instant = Self.typed(members, in: bytes) else { return nil }
        self.init(instant, .typed(spaced: bytes[slice.range].contains(0x20)))
      } else if members.count == 1, let member = members.first, member.key == "$date" {
        self.init(dollarDate: member.value, in: bytes)
      } else {
        return nil
      }
    case .shellCall:
      guard let (name, argument) = JSONScanner.shellCall(slice, in: bytes), ["ISODate", "Date"].contains(name),
        let argument, let text = JSONScanner.text(of: argument, in: bytes), let (instant, form) = Self.iso(text)
      else { return nil }
      self.init(instant, .shellCall(name: name, form))
    default:
      return nil
    }
  }

  private init?(_ instant: UnixTime, _ form: Form) {
    guard instant >= .earliest, instant <= .latest else { return nil }
    self.instant = instant
    self.form = form
  }

  private init?(dollarDate slice: JSONSlice, in bytes: [UInt8]) {
    switch slice.kind {
    case .string:
      guard let text = JSONScanner.text(of: slice, in: bytes), let (instant, form) = Self.iso(text) else { return nil }
      self.init(instant, .dollarDateText(form))
    case .number:
      guard let value = DocumentNumber(slice, in: bytes)?.microseconds(perUnit: 1_000) else { return nil }
      self.init(UnixTime(microseconds: value), .dollarDateMilliseconds)
    case .object:
      guard let value = DocumentNumber(slice, in: bytes)?.microseconds(perUnit: 1_000) else { return nil }
      self.init(UnixTime(microseconds: value), .dollarDateNumberLong)
    default:
      return nil
    }
  }

  private static func typed(_ members: [JSONMember], in bytes: [UInt8]) -> UnixTime? {
    var (year, month, day): (Int?, Int?, Int?)
    var (hour, minute, second, microsecond) = (0, 0, 0, 0)
    for member in members {
      switch member.key {
      case "__type__":
        guard JSONScanner.text(of: member.value, in: bytes) == "datetime" else { return nil }
      case "timezone":
        guard member.value.kind == .null || JSONScanner.text(of: member.value, in: bytes) == "UTC" else { return nil }
      default:
        guard let value = DocumentNumber(member.value, in: bytes)?.integer, let part = Int(exactly: value) else {
          return nil
        }
        switch member.key {
        case "year": year = part
        case "month": month = part
        case "day": day = part
        case "hour": hour = part
        case "minute": minute = part
        case "second": second = part
        case "microsecond": microsecond = part
        default: return nil
        }
      }
    }
    guard let year, let month, let day else { return nil }
    return CivilTime(
      year: year, month: month, day: day, hour: hour, minute: minute, second: second, microsecond: microsecond)?
      .instant(utcOffset: 0)
  }

  private static func iso(_ text: String) -> (UnixTime, ISOForm)? {
    guard let instant = UnixTime(iso8601: text) else { return nil }
    var form = ISOForm(zone: "")
    // "2014-08-30T08:10:06+02:00": the separator is the 11th character, a zone follows the time. All is ASCII.
    let bytes = Array(text.utf8)
    if bytes.count > 10 { form.separator = bytes[10] }
    if let zone = bytes.dropFirst(11).firstIndex(where: Self.beginsZone) {
      form.zone = String(decoding: bytes[zone...], as: UTF8.self)
      let digits = bytes[zone...].filter { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }.map { Int($0) - 48 }
      if digits.count >= 2 {
        let hours = digits[0] * 10 + digits[1]
        let minutes = digits.count >= 4 ? digits[2] * 10 + digits[3] : 0
        form.offsetSeconds = (hours * 60 + minutes) * 60 * (bytes[zone] == UInt8(ascii: "-") ? -1 : 1)
      }
    }
    return (instant, form)
  }

  private static func beginsZone(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "Z") || byte == UInt8(ascii: "z") || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
  }

  // MARK: writing back

  /// `instant` written in `form`.
  static func text(_ instant: UnixTime, in form: Form) -> String {
    switch form {
    case .typed(let spaced):
      let civil = CivilTime(utc: instant)
      let text =
        #"{"__type__": "datetime", "year": \#(civil.year), "month": \#(civil.month), "day": \#(civil.day), "#
        + #""hour": \#(civil.hour), "minute": \#(civil.minute), "second": \#(civil.second), "#
        + #""microsecond": \#(civil.microsecond)}"#
      return spaced ? text : text.filter { $0 != " " }
    case .dollarDateText(let form): return #"{"$date": "\#(isoText(instant, form))"}"#
    case .dollarDateMilliseconds: return #"{"$date": \#(instant.microseconds / 1000)}"#
    case .dollarDateNumberLong: return #"{"$date": {"$numberLong": "\#(instant.microseconds / 1000)"}}"#
    case .shellCall(let name, let form): return #"\#(name)("\#(isoText(instant, form))")"#
    case .text(let form): return #""\#(isoText(instant, form))""#
    case .epochSeconds: return DocumentNumber.seconds(instant.microseconds)
    }
  }

  private static func isoText(_ instant: UnixTime, _ form: ISOForm) -> String {
    let local = instant.advanced(by: Int64(form.offsetSeconds) * 1_000_000)
    // At the ends of time an offset would lead to a year that cannot be written.
    guard local == local.clamped else { return isoText(instant.clamped, ISOForm(separator: form.separator)) }
    var text: [UInt8] = []
    text.reserveCapacity(40)
    text.append(iso8601: local)
    text[10] = form.separator
    text.append(form.zone)
    return String(decoding: text, as: UTF8.self)
  }
}
