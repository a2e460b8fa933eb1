/// A month's or a weekday's name, of which the first three letters count.
struct CrontabName {
  let kind: Kind
  /// The number Celery gives it.
  let number: Int
  /// The full name.
  let name: String
  /// Whether the text is no beginning of the full name.
  let hasRest: Bool

  enum Kind: String {
    case month, weekday
  }

  /// The field it belongs to, as documents name it.
  var field: String { kind == .month ? CrontabField.monthOfYear.name : CrontabField.dayOfWeek.name }

  /// Months first, as Celery looks there first. No three letters begin two names.
  private static let all: [(name: String, letters: [UInt8], kind: Kind, number: Int)] = {
    let months = [
      "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
      "december",
    ]
    let weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
    return months.enumerated().map { ($1, Array($1.utf8), Kind.month, $0 + 1) }
      + weekdays.enumerated().map { ($1, Array($1.utf8), Kind.weekday, $0) }
  }()

  init?(_ text: Substring.UnicodeScalarView) {
    // Longer than any name: what follows can only be a rest. No letter outside ASCII has one of these as lower case.
    let lowered = text.prefix(10).map { $0.isASCII ? UInt8($0.value) | ($0.isUppercaseASCII ? 0x20 : 0) : 0 }
    guard lowered.count >= 3,
      let found = Self.all.first(where: { $0.letters.prefix(3).elementsEqual(lowered.prefix(3)) })
    else { return nil }
    (kind, number, name) = (found.kind, found.number, found.name)
    hasRest = !found.letters.starts(with: lowered)
  }

  /// How many letters at the beginning of a text are a name's: three or more, or none.
  static func beginning(of text: Substring.UnicodeScalarView) -> Int {
    guard let found = CrontabName(text) else { return 0 }
    return zip(text, found.name.unicodeScalars).prefix { $0.0.properties.lowercaseMapping == String($0.1) }.count
  }
}
