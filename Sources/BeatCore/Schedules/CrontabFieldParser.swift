/// Celery's grammar of one crontab field (`crontab_parser` in `celery/schedules.py`, 5.7), quirks included.
///
/// A text is split at commas. Of each part the longest known beginning counts, tried in this order: a range with a
/// step, a range, `*` with a step, `*` alone, else the whole part as a number or name. What follows such a beginning
/// is ignored; a warning says so. Names work in every field, months before weekdays, by their first three letters.
///
/// One difference: what other schedulers' grammars write is refused wherever it stands (`CrontabDialect`), where Celery
/// would ignore it and run at other times than were meant.
struct CrontabFieldParser {
  let field: CrontabField

  func parse(_ text: String, warnings: inout CrontabWarnings) throws(CrontabError) -> CrontabSet {
    // Most fields of most crontabs are "*".
    if text.utf8.count == 1, text.utf8.first == UInt8(ascii: "*") { return field.everything }
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
    if let reason = CrontabDialect.refusal(of: part) { throw field.error(reason) }
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
