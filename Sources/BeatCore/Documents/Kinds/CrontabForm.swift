/// `{"minute": "30", "hour": "2", "day_of_week": "1"}`: Celery's fields, each of them optional.
enum CrontabForm: ScheduleForm {
  static let example = #"{"minute": "0"}"#
  static let synonyms = ["cron", "cron_expression", "cronexpr"]
  static let dates: [String] = []

  private static let fields = ["minute", "hour", "day_of_week", "day_of_month", "month_of_year", "day_of_year"]

  static func read(
    _ object: ScheduleObject, _ reader: inout DocumentReader
  ) throws(DocumentProblem) -> Schedule {
    let bytes = reader.bytes
    // A misspelt field would leave its place at "*" and fire every minute.
    if let key = object.unknown(besides: fields + ["timezone"]) {
      throw DocumentProblem(
        "\(object.path).\(DocumentProblem.excerpt(key.utf8))",
        "is not a crontab field; expected \(fields.joined(separator: ", "))")
    }
    var values: [CrontabFieldValue?] = []
    for key in fields {
      guard let slice = object[key] else {
        values.append(nil)
        continue
      }
      let limit = slice.kind == .array ? Limit.crontabList : .crontabField
      guard !limit.isExceeded(by: slice.length) else {
        throw DocumentProblem("\(object.path).\(key)", slice, in: bytes, limit.excess(slice.length))
      }
      values.append(try value(slice, "\(object.path).\(key)", bytes, depth: 0))
    }
    let zone = try reader.zone(object["timezone"], "\(object.path).timezone")
    do throws(CrontabError) {
      let crontab = try Crontab(
        minute: values[0], hour: values[1], dayOfWeek: values[2], dayOfMonth: values[3], monthOfYear: values[4],
        dayOfYear: values[5], zone: zone)
      reader.warnings += crontab.warnings.map { "\(object.path): \($0.printable)" }
      return .crontab(crontab)
    } catch {
      let field = error.field.map { "\(object.path).\($0)" } ?? object.path
      guard let key = error.field, let slice = object[key] else { throw DocumentProblem(field, error.message) }
      throw DocumentProblem(field, slice, in: bytes, error.message)
    }
  }

  private static func value(
    _ slice: JSONSlice, _ path: String, _ bytes: [UInt8], depth: Int
  ) throws(DocumentProblem) -> CrontabFieldValue {
    let expected = #"expected a number, text such as "*/5", or a list of numbers"#
    switch slice.kind {
    case .string:
      guard let text = JSONScanner.text(of: slice, in: bytes) else { break }
      return .text(text)
    case .array where depth == 0:
      var values: [CrontabFieldValue] = []
      for item in JSONScanner.items(of: slice, in: bytes) { values.append(try value(item, path, bytes, depth: 1)) }
      return .list(values)
    default:
      guard let number = DocumentNumber(slice, in: bytes)?.integer else { break }
      return .number(number)
    }
    throw DocumentProblem(path, slice, in: bytes, expected)
  }

  // MARK: writing

  static func isHeld(by field: ScheduleField, of document: DocumentEditor) -> Bool {
    switch field {
    case .kind(let kind): kind == .crontab && document.isObject(field.name)
    case .shape: !document.has(field.name, "every") && document.isObject(field.name)
    }
  }

  static func write(_ members: [WrittenSchedule.Member], into field: ScheduleField, of document: inout DocumentEditor) {
    // A line of cron says all: what it cannot say is not meant any more.
    document.remove(field.name, "day_of_year")
    for member in members where member.json != "\"*\"" || document.value(field.name, member.key) != nil {
      document.set(field.name, member.key, to: member.json)
    }
  }
}

extension WrittenSchedule {
  /// - Parameter fields: the five of a line of cron, in its order.
  package static func crontab(_ fields: [String]) -> WrittenSchedule {
    let keys = ["minute", "hour", "day_of_month", "month_of_year", "day_of_week"]
    return WrittenSchedule(.crontab, zip(keys, fields).map { ($0, JSONLine.quoted($1)) })
  }
}
