/// Celery's grammar of one crontab field (`crontab_parser` in `celery/schedules.py`, 5.7), quirks included.
///
/// A text is split at commas. Of each part the longest known beginning counts, tried in this order: a range with a
/// step, a range, `*` with a step, `*` alone, else the whole part as a number or name. What follows such a beginning
/// is ignored; a warning says so. Names work in every field, months before weekdays, by their first three letters.
struct CrontabFieldParser {
  let field: CrontabField

  func parse(_ text: String, warnings: inout CrontabWarnings) throws(CrontabError) -> CrontabSet {
    var set = CrontabSet()
    for part in text.unicodeScalars.split(separator: ",", omittingEmptySubsequences: false) {
      guard !part.isEmpty else {
        throw field.error(
          text.isEmpty ? "is empty; use \"*\" for every value" : "\(quoted(text)) has nothing beside a comma")
      }
      set.formUnion(try self.part(part, warnings: &warnings))
    }
    return set
  }

  private typealias Scalars = Substring.UnicodeScalarView

  private func part(_ part: Scalars, warnings: inout CrontabWarnings) throws(CrontabError) -> CrontabSet {
    let first = part.prefix(while: \.isPythonWord)
    var rest = part.dropFirst(first.count)
    if !first.isEmpty, rest.first == "-" {
      let second = rest.dropFirst().prefix(while: \.isPythonWord)
      if !second.isEmpty {
        rest = rest.dropFirst(1 + second.count)
        if rest.first == "/" {
          let step = rest.dropFirst().prefix(while: \.isPythonWord)
          remark(onRest: rest.dropFirst(1 + step.count), of: part, warnings: &warnings)
          return try range(from: first, to: second, step: step, of: part, warnings: &warnings)
        }
        remark(onRest: rest, of: part, warnings: &warnings)
        return try range(from: first, to: second, step: nil, of: part, warnings: &warnings)
      }
    }
    if part.first == "*" {
      rest = part.dropFirst()
      if rest.first == "/" {
        let step = rest.dropFirst().prefix(while: \.isPythonWord)
        remark(onRest: rest.dropFirst(1 + step.count), of: part, warnings: &warnings)
        return try range(from: nil, to: nil, step: step, of: part, warnings: &warnings)
      }
      // `$` of a Python pattern also matches before a newline that ends the text.
      if rest.isEmpty || rest.elementsEqual(CollectionOfOne("\n")) { return field.everything }
    }
    var set = CrontabSet()
    set.insert(try number(part, warnings: &warnings))
    return set
  }

  /// The numbers from one to another, beginning again at the lowest where the second is smaller; all if there are none.
  private func range(
    from first: Scalars?, to second: Scalars?, step stepText: Scalars?, of part: Scalars,
    warnings: inout CrontabWarnings
  ) throws(CrontabError) -> CrontabSet {
    if let stepText, stepText.isEmpty {
      throw field.error("\(quoted(String(part))) has no step after the slash")
    }
    let low = try first.map { value throws(CrontabError) in try number(value, warnings: &warnings) } ?? field.lowest
    let high =
      try second.map { value throws(CrontabError) in try number(value, warnings: &warnings) } ?? field.highest
    let length = high >= low ? high - low + 1 : field.highest - low + 1 + high - field.lowest + 1
    var step = 1
    if let stepText {
      guard let value = PythonInteger(stepText) else {
        throw field.error("the step of \(quoted(String(part))) is not a whole number")
      }
      guard value.number > 0 else { throw field.error("the step of \(quoted(String(part))) is zero; use 1 or more") }
      step = Int(clamping: value.number)
      remark(onStep: step, length: length, coversAll: length == field.count, of: part, warnings: &warnings)
    }
    var set = CrontabSet()
    var position = 0
    while position < length {
      let number = low + position
      set.insert(number <= field.highest ? number : number - field.count)
      let (next, overflow) = position.addingReportingOverflow(step)
      if overflow { break }
      position = next
    }
    return set
  }

  private func number(_ text: Scalars, warnings: inout CrontabWarnings) throws(CrontabError) -> Int {
    if text.first == "-" { throw field.error("\(quoted(String(text))): negative numbers are not allowed") }
    if let value = PythonInteger(text) {
      let number = try field.inRange(value.number)
      if value.isUnusual { warnings.add(field, "\(quoted(String(text))) is read as \(number)") }
      return number
    }
    guard let name = CrontabName(text) else {
      throw field.error("\(quoted(String(text))) is neither a number nor a name such as \"mon\" or \"jan\"")
    }
    // Celery looks among the months first, so a name has one meaning in all fields.
    let number = try field.inRange(Int64(name.number))
    if name.field != field.name {
      warnings.add(
        field, "\(quoted(String(text))) names a \(name.kind.rawValue); here it is read as the number \(number)")
    }
    if name.hasRest {
      warnings.add(field, "of \(quoted(String(text))) only the first three letters count: \(name.name.prefix(3))")
    }
    return number
  }

  private func remark(onRest rest: Scalars, of part: Scalars, warnings: inout CrontabWarnings) {
    guard !rest.isEmpty else { return }
    warnings.add(field, "\(quoted(String(rest))) at the end of \(quoted(String(part))) is ignored")
  }

  private func remark(
    onStep step: Int, length: Int, coversAll: Bool, of part: Scalars, warnings: inout CrontabWarnings
  ) {
    guard step > 1 else { return }
    if step >= length {
      warnings.add(
        field, "the step of \(quoted(String(part))) is larger than the range, so only its first value is left")
    } else if coversAll,
      field.name == CrontabField.dayOfMonth.name || field.name == CrontabField.dayOfYear.name
        || !field.count.isMultiple(of: step)
    {
      warnings.add(
        field,
        "\(quoted(String(part))) begins again with each \(field.cycle), so the last step of the \(field.cycle) is shorter"
      )
    }
  }
}

/// A whole number as Python's `int()` reads it from text: surrounding white space, one sign, decimal digits of any
/// script, single underscores between digits.
struct PythonInteger {
  /// Saturates.
  var number: Int64
  /// Whether it is spelled other than in ASCII digits.
  var isUnusual: Bool

  /// `int()` refuses longer texts (`sys.set_int_max_str_digits`).
  private static let maximumDigits = 4_300

  init?(_ text: Substring.UnicodeScalarView) {
    let digits = text.drop(while: \.isPythonSpace)
    var rest = digits
    var sign: Int64 = 1
    if let first = rest.first, first == "+" || first == "-" {
      sign = first == "-" ? -1 : 1
      rest = rest.dropFirst()
    }
    number = 0
    isUnusual = sign < 0
    var count = 0
    var afterDigit = false
    while let scalar = rest.first, !scalar.isPythonSpace {
      rest = rest.dropFirst()
      if scalar == "_", afterDigit {
        afterDigit = false
        isUnusual = true
        continue
      }
      guard let digit = scalar.decimalValue else { return nil }
      if !scalar.isASCII { isUnusual = true }
      number = number.saturatingMultiply(by: 10).saturatingAdd(digit)
      afterDigit = true
      count += 1
    }
    guard afterDigit, count <= Self.maximumDigits, rest.allSatisfy(\.isPythonSpace) else { return nil }
    number *= sign
  }
}

/// A month's or a weekday's name, of which the first three letters count.
private struct CrontabName {
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
}

extension Unicode.Scalar {
  /// `\w` of a Python pattern: letters, numbers of every kind, and the underscore.
  fileprivate var isPythonWord: Bool {
    if isASCII {
      switch self {
      case "0"..."9", "a"..."z", "A"..."Z", "_": return true
      default: return false
      }
    }
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return true
    default: return properties.numericType != nil
    }
  }

  /// White space that Python's `int()` strips. (`str.strip()` would also strip 0x1C-0x1F.)
  fileprivate var isPythonSpace: Bool {
    switch value {
    case 0x09...0x0D, 0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
    default: false
    }
  }

  /// The value of a decimal digit of any script.
  fileprivate var decimalValue: Int64? {
    if isASCII { return ("0"..."9").contains(self) ? Int64(value) - 0x30 : nil }
    guard properties.numericType == .decimal, let number = properties.numericValue else { return nil }
    return Int64(number)
  }

  fileprivate var isUppercaseASCII: Bool { ("A"..."Z").contains(self) }
}
