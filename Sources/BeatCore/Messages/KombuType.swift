/// The types of values that kombu's JSON reader knows by itself, and what it can read of each.
/// (Source: kombu/utils/json.py `_register_default_types`, Python's `fromisoformat`, `Decimal`, `UUID`, `b64decode`.)
enum KombuType: String {
  case datetime, date, time, decimal, uuid, bytes, base64

  var expected: String {
    switch self {
    case .datetime, .date: "a date such as 2027-01-31T08:30:00+00:00"
    case .time: "a time such as 08:30:00"
    case .decimal: "a number in quotes such as 12.50"
    case .uuid: #"{"hex": "…"} with 32 hexadecimal digits"#
    case .bytes: "a text"
    case .base64: "Base64, filled up with ="
    }
  }

  /// - Parameters:
  ///   - text: of a value that is a string; nil: it is none, or half of a surrogate pair.
  ///   - json: the value as it stands.
  func reads(_ text: String?, _ json: ArraySlice<UInt8>) -> Bool {
    switch self {
    case .datetime, .date: text.map { Self.isDate(Array($0.utf8)[...]) } ?? false
    case .time: text.map { Self.isTime(Array($0.utf8)[...]) } ?? false
    case .decimal: text.map { Self.isDecimal($0) } ?? (json.first.map { Self.beginsNumber($0) } ?? false)
    case .uuid: Self.isUUID(json)
    case .bytes: text != nil
    case .base64: text.map { Base64.decode($0.filter { !$0.isNewline }) != nil } ?? false
    }
  }

  private static func beginsNumber(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || byte == UInt8(ascii: "N") || byte == UInt8(ascii: "I")
  }

  /// A number of exactly so many digits, taken off.
  private static func take(_ digits: Int, _ rest: inout ArraySlice<UInt8>) -> Int? {
    guard rest.count >= digits else { return nil }
    var value = 0
    for byte in rest.prefix(digits) {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
      value = value * 10 + Int(byte - UInt8(ascii: "0"))
    }
    rest = rest.dropFirst(digits)
    return value
  }

  private static func take(_ character: Unicode.Scalar, _ rest: inout ArraySlice<UInt8>) -> Bool {
    guard rest.first == UInt8(ascii: character) else { return false }
    rest = rest.dropFirst()
    return true
  }

  /// What `datetime.isoformat` writes, which each Python reads.
  private static func isDate(_ text: ArraySlice<UInt8>) -> Bool {
    var rest = text
    guard let year = take(4, &rest), take("-", &rest), let month = take(2, &rest), take("-", &rest),
      let day = take(2, &rest), CivilTime(year: year, month: month, day: day) != nil
    else { return false }
    guard let separator = rest.first else { return true }
    // Any one character; within ASCII, so that none is cut in two.
    guard separator < 0x80 else { return false }
    return isTime(rest.dropFirst())
  }

  /// `08:30`, `08:30:00`, `08:30:00.000000`, each with an offset or without.
  private static func isTime(_ text: ArraySlice<UInt8>) -> Bool {
    var rest = text
    guard isClock(&rest, hours: 23) else { return false }
    guard let next = rest.first else { return true }
    rest = rest.dropFirst()
    switch next {
    case UInt8(ascii: "Z"): return rest.isEmpty
    case UInt8(ascii: "+"), UInt8(ascii: "-"): return isClock(&rest, hours: 23) && rest.isEmpty
    default: return false
    }
  }

  private static func isClock(_ rest: inout ArraySlice<UInt8>, hours: Int) -> Bool {
    guard let hour = take(2, &rest), hour <= hours, take(":", &rest), let minute = take(2, &rest), minute <= 59 else {
      return false
    }
    guard take(":", &rest) else { return true }
    guard let second = take(2, &rest), second <= 59 else { return false }
    guard take(".", &rest) else { return true }
    let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    rest = rest.dropFirst(digits.count)
    return digits.count == 3 || digits.count == 6
  }

  private static func isDecimal(_ text: String) -> Bool {
    let sign = text.first.map { "+-".contains($0) } == true ? 1 : 0
    if text.utf8.count <= 9, ["nan", "inf", "infinity"].contains(text.lowercased().dropFirst(sign)) { return true }
    var rest = Array(text.utf8)[...]
    func digits() -> Int {
      let run = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      rest = rest.dropFirst(run.count)
      return run.count
    }
    if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
    var count = digits()
    if take(".", &rest) { count += digits() }
    guard count > 0 else { return false }
    guard take("e", &rest) || take("E", &rest) else { return rest.isEmpty }
    if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
    // Beyond them Python's Decimal has no number.
    return (1...9).contains(digits()) && rest.isEmpty
  }

  /// An object of the one member `hex`.
  private static func isUUID(_ json: ArraySlice<UInt8>) -> Bool {
    guard json.first == UInt8(ascii: "{"), json.count < 256 else { return false }
    let bytes = Array(json)
    let slice = JSONSlice(kind: .object, range: 0..<bytes.count, holdsShellCall: false)
    let members = JSONScanner.members(of: slice, in: bytes)
    guard members.count == 1, let member = members.first, member.key == "hex",
      let text = JSONScanner.text(of: member.value, in: bytes)
    else { return false }
    let digits = text.utf8.filter { $0 != UInt8(ascii: "-") }
    return digits.count == 32 && digits.allSatisfy { Unicode.Scalar($0).properties.isASCIIHexDigit }
  }
}
