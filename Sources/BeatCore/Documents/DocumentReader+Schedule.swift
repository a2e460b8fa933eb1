/// When a document's task is due: exactly one of `interval`, `crontab`, `clocked`, or celerybeat-redis' `schedule`,
/// which is the first or the second by its shape.
extension DocumentReader {
  private static let kinds = ["interval", "crontab", "clocked", "schedule"]

  mutating func schedule() throws(DocumentProblem) -> Schedule {
    guard let kind = Self.kinds.first(where: { layout[$0] != nil }), let slice = layout[kind] else {
      if layout["solar"] != nil { throw DocumentProblem("solar", "is not supported; write a crontab") }
      throw DocumentProblem(
        "", #"has no schedule; add "interval": {"every": 5, "period": "minutes"} or "crontab": {"minute": "0"}"#)
    }
    guard kind == Self.kinds.last(where: { layout[$0] != nil }) else {
      let kinds = Self.kinds.filter { layout[$0] != nil }
      throw DocumentProblem("", "has more than one schedule (\(kinds.joined(separator: ", "))); keep one")
    }
    guard slice.kind == .object else {
      throw DocumentProblem(kind, slice, in: layout.bytes, "expected an object")
    }
    return try schedule(kind, slice)
  }

  mutating func readSchedule(_ kind: String, _ slice: JSONSlice) throws(DocumentProblem) -> Schedule {
    let fields = Fields(path: kind, members: try self.fields(of: slice, kind))
    let schedule: Schedule
    switch kind {
    case "interval": schedule = .interval(try interval(fields))
    case "crontab": schedule = .crontab(try crontab(fields))
    case "clocked": schedule = .clocked(try clocked(fields))
    default: schedule = fields["every"] != nil ? .interval(try interval(fields)) : .crontab(try crontab(fields))
    }
    try refuseHaste(schedule, kind, slice)
    return schedule
  }

  /// What comes more often than is allowed here: an interval by its length is refused where that is read.
  private func refuseHaste(_ schedule: Schedule, _ kind: String, _ slice: JSONSlice) throws(DocumentProblem) {
    guard let gap = schedule.shortestGap(below: context.shortestInterval) else { return }
    throw DocumentProblem(
      kind, slice, in: layout.bytes,
      Interval.tooShort("\(Interval.words(gap)) from one run to the next", context.shortestInterval))
  }

  /// The members of a schedule object, without those that are null.
  private struct Fields {
    var path: String
    var members: [JSONMember]

    subscript(key: String) -> JSONSlice? {
      members.last { $0.key == key }.flatMap { $0.value.kind == .null ? nil : $0.value }
    }
    /// Keys that nobody reads, but for the class names that object mappers leave behind.
    func unknown(besides known: [String]) -> String? {
      members.first { !known.contains($0.key) && !$0.key.hasPrefix("_") }?.key
    }
  }

  private mutating func interval(_ fields: Fields) throws(DocumentProblem) -> Interval {
    let every = "\(fields.path).every"
    guard let slice = fields["every"] else { throw DocumentProblem(every, "is missing; expected a number") }
    guard let number = DocumentNumber(slice, in: layout.bytes) else {
      throw DocumentProblem(every, slice, in: layout.bytes, "expected a number")
    }
    let unit = try period(fields)
    if let key = fields.unknown(besides: ["every", "period", "relative", "align"]) {
      warnings.append("\(fields.path).\(DocumentProblem.excerpt(key.utf8)) is not known and has no effect")
    }
    let relative = try boolean(fields, "relative")
    let aligned = try boolean(fields, "align")
    guard !relative || !aligned else {
      throw DocumentProblem("\(fields.path).align", "cannot be joined with relative; keep one of the two")
    }
    // Both follow the wall clock; a plain interval is elapsed time, in which zones do not matter.
    let zone = relative || aligned ? try zone(nil, "timezone") : nil
    do throws(IntervalError) {
      let microseconds =
        if let whole = number.integer { try Interval.microseconds(every: whole, period: unit) } else {
          try Interval.microseconds(every: number.double ?? .nan, period: unit)
        }
      return try Interval(
        microseconds: microseconds, relative: relative, alignedIn: zone, floor: context.shortestInterval)
    } catch {
      throw DocumentProblem(every, slice, in: layout.bytes, error.message)
    }
  }

  /// Celery's own form, `{"__type__": "interval", "every": 60}`, counts in seconds.
  private mutating func period(_ fields: Fields) throws(DocumentProblem) -> Period {
    let path = "\(fields.path).period"
    let expected = "expected one of " + Period.allCases.map(\.rawValue).joined(separator: ", ")
    guard let slice = fields["period"] else {
      guard fields["__type__"] != nil else { throw DocumentProblem(path, "is missing; \(expected)") }
      return .seconds
    }
    guard slice.kind == .string, let (period, warning) = Period.parse(try text(slice, path)) else {
      throw DocumentProblem(path, slice, in: layout.bytes, expected)
    }
    if let warning { warnings.append("\(path): \(warning)") }
    return period
  }

  private func boolean(_ fields: Fields, _ key: String) throws(DocumentProblem) -> Bool {
    guard let slice = fields[key] else { return false }
    guard slice.kind == .bool else {
      throw DocumentProblem("\(fields.path).\(key)", slice, in: layout.bytes, "expected true or false")
    }
    return layout.bytes[slice.range.lowerBound] == UInt8(ascii: "t")
  }

  private mutating func crontab(_ fields: Fields) throws(DocumentProblem) -> Crontab {
    let known = ["minute", "hour", "day_of_week", "day_of_month", "month_of_year", "day_of_year"]
    // A misspelt field would leave its place at "*" and fire every minute.
    if let key = fields.unknown(besides: known + ["timezone"]) {
      throw DocumentProblem(
        "\(fields.path).\(DocumentProblem.excerpt(key.utf8))",
        "is not a crontab field; expected \(known.joined(separator: ", "))")
    }
    var values: [CrontabFieldValue?] = []
    for key in known {
      guard let slice = fields[key] else {
        values.append(nil)
        continue
      }
      let limit = slice.kind == .array ? Limit.crontabList : .crontabField
      guard !limit.isExceeded(by: slice.length) else {
        throw DocumentProblem("\(fields.path).\(key)", slice, in: layout.bytes, limit.excess(slice.length))
      }
      values.append(try fieldValue(slice, "\(fields.path).\(key)", depth: 0))
    }
    let zone = try zone(fields["timezone"], "\(fields.path).timezone")
    do throws(CrontabError) {
      let crontab = try Crontab(
        minute: values[0], hour: values[1], dayOfWeek: values[2], dayOfMonth: values[3], monthOfYear: values[4],
        dayOfYear: values[5], zone: zone)
      warnings += crontab.warnings.map { "\(fields.path): \($0.printable)" }
      return crontab
    } catch {
      let field = error.field.map { "\(fields.path).\($0)" } ?? fields.path
      guard let key = error.field, let slice = fields[key] else { throw DocumentProblem(field, error.message) }
      throw DocumentProblem(field, slice, in: layout.bytes, error.message)
    }
  }

  private func fieldValue(_ slice: JSONSlice, _ path: String, depth: Int) throws(DocumentProblem) -> CrontabFieldValue {
    let expected = #"expected a number, text such as "*/5", or a list of numbers"#
    switch slice.kind {
    case .string:
      guard let text = JSONScanner.text(of: slice, in: layout.bytes) else { break }
      return .text(text)
    case .array where depth == 0:
      var values: [CrontabFieldValue] = []
      for item in JSONScanner.items(of: slice, in: layout.bytes) {
        values.append(try fieldValue(item, path, depth: 1))
      }
      return .list(values)
    default:
      guard let number = DocumentNumber(slice, in: layout.bytes)?.integer else { break }
      return .number(number)
    }
    throw DocumentProblem(path, slice, in: layout.bytes, expected)
  }

  func zone(_ own: JSONSlice?, _ path: String) throws(DocumentProblem) -> ZoneRules {
    guard let slice = own ?? layout["timezone"] else { return context.defaultZone }
    let path = own == nil ? "timezone" : path
    guard slice.kind == .string, case let name = try text(slice, path), !name.isEmpty else {
      throw DocumentProblem(path, slice, in: layout.bytes, #"expected a zone such as "Europe/Berlin""#)
    }
    do throws(ZoneError) { return try context.zone(name) } catch {
      throw DocumentProblem(path, slice, in: layout.bytes, error.message)
    }
  }

  private func clocked(_ fields: Fields) throws(DocumentProblem) -> UnixTime {
    let path = "\(fields.path).clocked_time"
    guard let slice = fields["clocked_time"] else { throw DocumentProblem(path, "is missing; expected a date") }
    return try DocumentDate(slice, in: layout.bytes, path: path, zones: context).instant
  }
}
