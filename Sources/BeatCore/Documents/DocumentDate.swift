/// A date in a schedule document, with the form in which it was written, so that it is written back in that form.
///
/// Forms: `{"__type__": "datetime", "year": …}` (celerybeat-redis), `{"$date": …}` (mongoexport), `ISODate("…")` (the
/// mongo shell), ISO 8601 text, and seconds since 1970. A date without a zone is UTC, as in Celery. The first form may name
/// a zone, and is written back in UTC.
package struct DocumentDate: Hashable {
  package var instant: UnixTime
  package var form: Form

  package enum Form: Hashable {
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
  package struct ISOForm: Hashable {
    var separator = UInt8(ascii: "T")
    /// What is written after the time: nothing, "Z" or an offset.
    var zone: String = "Z"
    var offsetSeconds: Int = 0
  }

  static let forms =
    #"{"__type__": "datetime", "year": …}, {"$date": …}, ISODate("…"), ISO 8601 text or seconds since 1970"#
  static let expected = "expected a date: " + forms

  /// The date of a value; nil if it is none. The next initialiser tells why.
  package init?(_ slice: JSONSlice, in bytes: [UInt8], zones: DocumentContext? = nil) {
    do throws(DocumentProblem) { try self.init(slice, in: bytes, path: "", zones: zones) } catch { return nil }
  }

  /// - Parameters:
  ///   - path: of the field, for problems.
  ///   - zones: finds the zones that dates name; nil: only UTC is known.
  ///   - expected: what may stand there, for a person.
  init(
    _ slice: JSONSlice, in bytes: [UInt8], path: String, zones: DocumentContext?,
    expected: String = DocumentDate.expected
  ) throws(DocumentProblem) {
    // A number has its own limit.
    guard slice.kind == .number || !Limit.textLength.isExceeded(by: slice.length) else {
      throw DocumentProblem(path, slice, in: bytes, Limit.textLength.excess(slice.length))
    }
    var date: DocumentDate?
    if slice.kind == .object {
      let members = JSONScanner.members(of: slice, in: bytes)
      if members.contains(where: { $0.key == "__type__" }) {
        let typed = try TypedDate(members, in: bytes, path: path, zones: zones)
        date = DocumentDate(typed.instant, .typed(spaced: bytes[slice.range].contains(0x20)))
      } else if members.count == 1, let member = members.first, member.key == "$date" {
        date = DocumentDate(dollarDate: member.value, in: bytes)
      }
    } else {
      date = DocumentDate(single: slice, in: bytes)
    }
    guard let date else {
      // The number lies beyond the year 9999 if it counts seconds, and before it if it counts milliseconds.
      let number = DocumentNumber(slice, in: bytes)?.double ?? 0
      let hint =
        number > 253_402_300_799 && number < 253_402_300_800_000
        ? #"; are these milliseconds? Divide them by 1000, or write {"$date": …}"# : ""
      throw DocumentProblem(path, slice, in: bytes, expected + hint)
    }
    self = date
  }

  /// A date that is one value.
  private init?(single slice: JSONSlice, in bytes: [UInt8]) {
    switch slice.kind {
    case .number:
      guard let seconds = DocumentNumber(slice, in: bytes)?.microseconds(perUnit: 1_000_000) else { return nil }
      self.init(UnixTime(microseconds: seconds), .epochSeconds)
    case .string:
      guard let text = JSONScanner.text(of: slice, in: bytes), let (instant, form) = Self.iso(text) else { return nil }
      self.init(instant, .text(form))
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

  private static func iso(_ text: String) -> (UnixTime, ISOForm)? {
    UnixTime(iso8601: text).map { ($0, ISOForm(Array(text.utf8)[...])) }
  }

  // MARK: writing back

  /// `instant` written in `form`.
  static func text(_ instant: UnixTime, in form: Form) -> String {
    String(decoding: utf8(instant, in: form), as: UTF8.self)
  }

  /// The same, as the bytes that go into a document.
  static func utf8(_ instant: UnixTime, in form: Form) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(160)
    switch form {
    case .typed(let spaced):
      let civil = CivilTime(utc: instant)
      let (colon, comma) = spaced ? (": ", ", ") : (":", ",")
      func append(_ key: String, _ value: Int) {
        text.append(comma)
        text.append(key)
        text.append(colon)
        if value < 0 { text.append(UInt8(ascii: "-")) }
        text.append(value.magnitude, width: 1)
      }
      text.append(#"{"__type__""#)
      text.append(colon)
      text.append(#""datetime""#)
      append(#""year""#, civil.year)
      append(#""month""#, civil.month)
      append(#""day""#, civil.day)
      append(#""hour""#, civil.hour)
      append(#""minute""#, civil.minute)
      append(#""second""#, civil.second)
      append(#""microsecond""#, civil.microsecond)
      text.append("}")
    case .dollarDateText(let form): text.append(instant, form, between: #"{"$date": ""#, #""}"#)
    case .dollarDateMilliseconds:
      text.append(#"{"$date": "#)
      text.append(milliseconds: instant)
      text.append("}")
    case .dollarDateNumberLong:
      text.append(#"{"$date": {"$numberLong": ""#)
      text.append(milliseconds: instant)
      text.append(#""}}"#)
    case .shellCall(let name, let form): text.append(instant, form, between: name + #"(""#, #"")"#)
    case .text(let form): text.append(instant, form, between: "\"", "\"")
    case .epochSeconds: text.append(DocumentNumber.seconds(instant.microseconds))
    }
    return text
  }
}

extension DocumentDate.Form {
  /// The form of a date in a document, which is not read: nil if it can be none.
  init?(_ slice: JSONSlice, in bytes: [UInt8]) {
    switch slice.kind {
    case .number:
      self = .epochSeconds
    case .string:
      guard let text = JSONScanner.utf8(of: slice, in: bytes) else { return nil }
      self = .text(DocumentDate.ISOForm(text))
    case .object:
      guard JSONScanner.isFirstKey("$date", of: slice, in: bytes) else {
        self = .typed(spaced: bytes[slice.range].contains(0x20))
        return
      }
      guard let date = JSONScanner.members(of: slice, in: bytes).first?.value else { return nil }
      switch date.kind {
      case .string:
        guard let text = JSONScanner.utf8(of: date, in: bytes) else { return nil }
        self = .dollarDateText(DocumentDate.ISOForm(text))
      case .number: self = .dollarDateMilliseconds
      case .object: self = .dollarDateNumberLong
      default: return nil
      }
    case .shellCall:
      guard let (name, argument) = JSONScanner.shellCall(slice, in: bytes),
        let text = argument.flatMap({ JSONScanner.utf8(of: $0, in: bytes) })
      else { return nil }
      self = .shellCall(name: name, DocumentDate.ISOForm(text))
    default:
      return nil
    }
  }
}

extension DocumentDate.ISOForm {
  /// The form of a text such as `2014-08-30T08:10:06+02:00`: the separator is the 11th character, a zone follows the
  /// time. All is ASCII.
  init(_ text: ArraySlice<UInt8>) {
    zone = ""
    let time = text.dropFirst(10)
    if let first = time.first { separator = first }
    guard let start = time.dropFirst().firstIndex(where: Self.beginsZone) else { return }
    zone = String(decoding: text[start...], as: UTF8.self)
    var digits = text[start...].lazy.filter { $0 >= 0x30 && $0 <= 0x39 }.map { Int($0) - 0x30 }.makeIterator()
    guard let tens = digits.next(), let ones = digits.next() else { return }
    var minutes = 0
    if let tens = digits.next(), let ones = digits.next() { minutes = tens * 10 + ones }
    offsetSeconds = ((tens * 10 + ones) * 60 + minutes) * 60 * (text[start] == UInt8(ascii: "-") ? -1 : 1)
  }

  private static func beginsZone(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "Z") || byte == UInt8(ascii: "z") || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
  }
}

extension [UInt8] {
  fileprivate mutating func append(milliseconds instant: UnixTime) {
    let milliseconds = instant.microseconds / 1000
    if milliseconds < 0 { append(UInt8(ascii: "-")) }
    append(milliseconds.magnitude, width: 1)
  }

  fileprivate mutating func append(
    _ instant: UnixTime, _ form: DocumentDate.ISOForm, between head: String, _ tail: String
  ) {
    append(head)
    let local = instant.advanced(by: Int64(form.offsetSeconds) * 1_000_000)
    // At the ends of time an offset would lead to a year that cannot be written.
    let fits = local == local.clamped
    let start = count
    append(iso8601: fits ? local : instant.clamped)
    self[start + 10] = form.separator
    append(fits ? form.zone : "Z")
    append(tail)
  }
}
