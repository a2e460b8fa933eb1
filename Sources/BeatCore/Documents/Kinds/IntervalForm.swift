/// `{"every": 5, "period": "minutes"}`, and Celery's own `{"__type__": "interval", "every": 60}`.
enum IntervalForm: ScheduleForm {
  static let example = #"{"every": 5, "period": "minutes"}"#
  static let synonyms: [String] = []
  static let dates: [String] = []

  static func read(
    _ object: ScheduleObject, _ reader: inout DocumentReader
  ) throws(DocumentProblem) -> Schedule {
    let bytes = reader.bytes
    let every = "\(object.path).every"
    guard let slice = object["every"] else { throw DocumentProblem(every, "is missing; expected a number") }
    guard let number = DocumentNumber(slice, in: bytes) else {
      throw DocumentProblem(every, slice, in: bytes, "expected a number")
    }
    let unit = try period(object, &reader)
    if let key = object.unknown(besides: ["every", "period", "relative", "align"]) {
      reader.warnings.append("\(object.path).\(DocumentProblem.excerpt(key.utf8)) is not known and has no effect")
    }
    let relative = try boolean(object, "relative", bytes)
    let aligned = try boolean(object, "align", bytes)
    guard !relative || !aligned else {
      throw DocumentProblem("\(object.path).align", "cannot be joined with relative; keep one of the two")
    }
    // Both follow the wall clock; a plain interval is elapsed time, in which zones do not matter.
    let zone = relative || aligned ? try reader.zone(nil, "timezone") : nil
    do throws(IntervalError) {
      let microseconds =
        if let whole = number.integer { try Interval.microseconds(every: whole, period: unit) } else {
          try Interval.microseconds(every: number.double ?? .nan, period: unit)
        }
      return .interval(
        try Interval(
          microseconds: microseconds, relative: relative, alignedIn: zone, floor: reader.context.shortestInterval))
    } catch {
      throw DocumentProblem(every, slice, in: bytes, error.message)
    }
  }

  /// Celery's own form, which has a `__type__`, counts in seconds.
  private static func period(
    _ object: ScheduleObject, _ reader: inout DocumentReader
  ) throws(DocumentProblem) -> Period {
    let path = "\(object.path).period"
    let expected = "expected one of " + Period.allCases.map(\.rawValue).joined(separator: ", ")
    guard let slice = object["period"] else {
      guard object["__type__"] != nil else { throw DocumentProblem(path, "is missing; \(expected)") }
      return .seconds
    }
    guard slice.kind == .string, let (period, warning) = Period.parse(try reader.text(slice, path)) else {
      throw DocumentProblem(path, slice, in: reader.bytes, expected)
    }
    if let warning { reader.warnings.append("\(path): \(warning)") }
    return period
  }

  private static func boolean(
    _ object: ScheduleObject, _ key: String, _ bytes: [UInt8]
  ) throws(DocumentProblem) -> Bool {
    guard let slice = object[key] else { return false }
    guard slice.kind == .bool else {
      throw DocumentProblem("\(object.path).\(key)", slice, in: bytes, "expected true or false")
    }
    return bytes[slice.range.lowerBound] == UInt8(ascii: "t")
  }

  // MARK: writing

  static func isHeld(by field: ScheduleField, of document: DocumentEditor) -> Bool {
    document.has(field.name, "every")
  }

  static func write(_ members: [WrittenSchedule.Member], into field: ScheduleField, of document: inout DocumentEditor) {
    for member in members { document.set(field.name, member.key, to: member.json) }
  }
}

extension WrittenSchedule {
  package static func interval(every: Int64, period: Period) -> WrittenSchedule {
    interval(every: "\(every)", period: period)
  }

  /// - Parameter every: a number, as JSON.
  static func interval(every: String, period: Period, relative: Bool = false) -> WrittenSchedule {
    WrittenSchedule(
      .interval,
      [("every", every), ("period", "\"\(period.rawValue)\"")] + (relative ? [("relative", "true")] : []))
  }
}
