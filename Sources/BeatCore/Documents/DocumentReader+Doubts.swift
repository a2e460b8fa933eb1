/// Numbers and dates that are taken as they stand, and probably mean something else: a date taken for a length of time, a
/// length taken for a date, an end that comes before a worker can begin, a time of the document's zone taken for UTC.
extension DocumentReader {
  /// Ten years of 365 days. So many seconds or more are a time since 1970 rather than a length.
  private static let longestLength: Int64 = 3_650 * 86_400_000_000
  /// An interval of this length or more is rather meant for a date. 365 days.
  private static let longestInterval: Int64 = 365 * 86_400_000_000
  /// A worker that is idle has a message within this time; a busy one has not.
  private static let shortestExpiry: Int64 = 1_000_000
  /// A number of seconds that is a date before 1973 is rather a length of time.
  private static let earliestDate = UnixTime(seconds: 100_000_000)

  mutating func doubt(_ definition: ScheduleDefinition) {
    for field in ["expires", "expire_seconds", "time_limit", "soft_time_limit", "jitter", "catchup_window"] {
      doubtLength(field, isExpiry: field.hasPrefix("expire"))
    }
    for field in ["start_after", "expires_at"] {
      if let slice = layout[field] { doubtDate(slice, field) }
    }
    doubtDates(of: definition.schedule.kind)
    if let window = definition.catchup.window, window < SchedulerConfiguration.missedAfter,
      definition.catchup.policy != .none
    {
      warnings.append(
        "catchup_window of \(DocumentNumber.seconds(window)) s is shorter than the "
          + "\(DocumentNumber.seconds(SchedulerConfiguration.missedAfter)) s after which a run counts as missed: "
          + "none is made up for, as with catchup none")
    }
    if let hard = option("time_limit").flatMap({ length(of: $0.slice) }), hard > 0,
      let soft = option("soft_time_limit"), let limit = length(of: soft.slice), limit >= hard
    {
      warnings.append("\(soft.path) is not shorter than time_limit: the task is killed before it is told to end")
    }
    if let spacing = definition.schedule.spacing, spacing >= Self.longestInterval {
      let field = ScheduleField.all.first { layout[$0.name] != nil } ?? .kind(.interval)
      warnings.append(
        "\(field.name).every: a run comes after \(Plural.of(spacing / 86_400_000_000, "day")), the first one too; "
          + "for a date of each year write a crontab")
    }
  }

  private mutating func doubtDates(of kind: ScheduleKind) {
    let dates = kind.form.dates
    guard !dates.isEmpty, let object = layout[kind.rawValue], object.kind == .object else { return }
    let members = JSONScanner.members(of: object, in: bytes)
    for date in dates {
      guard let slice = members.last(where: { $0.key == date })?.value else { continue }
      doubtDate(slice, "\(kind.rawValue).\(date)")
    }
  }

  /// At the top level, which wins, or in `options`, where options of the message may stand.
  private func option(_ field: String) -> (slice: JSONSlice, path: String)? {
    if let slice = layout[field] { return (slice, field) }
    guard !["jitter", "catchup_window", "expire_seconds"].contains(field), let options = layout["options"],
      options.kind == .object
    else { return nil }
    return JSONScanner.members(of: options, in: bytes).last { $0.key == field }.map { ($0.value, "options.\(field)") }
  }

  private func length(of slice: JSONSlice) -> Int64? {
    DocumentNumber(slice, in: bytes)?.microseconds(perUnit: 1_000_000)
  }

  private mutating func doubtLength(_ field: String, isExpiry: Bool) {
    guard let (slice, path) = option(field) else { return }
    if isExpiry { doubtOffset(slice, path) }
    guard let number = DocumentNumber(slice, in: bytes) else { return }
    // A length that is greater than can be counted is saturated, and so is greater than this, too.
    guard let length = number.microseconds(perUnit: 1_000_000) else { return }
    let found = "\(path) \(number.text.prefix(24))"
    if length >= Self.longestLength {
      let years = (length / 1_000_000 + 15_778_800) / 31_557_600
      warnings.append(
        "\(found): looks like a time since 1970, and is taken for a number of seconds, \(Plural.of(years, "year"))"
          + (isExpiry ? #"; a date is written as text, such as "2030-01-01T00:00:00Z""# : ""))
    } else if isExpiry, length > 0, length < Self.shortestExpiry {
      warnings.append("\(found): the message may be void before a worker can take it; it is a number of seconds")
    }
  }

  private mutating func doubtDate(_ slice: JSONSlice, _ path: String) {
    doubtOffset(slice, path)
    guard let date = DocumentDate(slice, in: bytes), date.form == .epochSeconds, date.instant < Self.earliestDate,
      let number = DocumentNumber(slice, in: bytes)
    else { return }
    warnings.append(
      "\(path) \(number.text.prefix(24)): looks like a length of time, and is taken for the date \(date.instant.iso8601)"
    )
  }

  /// A text without an offset is UTC, also in a document that names a zone, whose clock was probably meant. In the forms
  /// of other programs there is no doubt: they write UTC.
  private mutating func doubtOffset(_ slice: JSONSlice, _ path: String) {
    guard slice.kind == .string, let date = DocumentDate(slice, in: bytes), case .text(let form) = date.form,
      form.zone.isEmpty, let zone = namedZone
    else { return }
    let meant = zone.instant(showing: CivilTime(utc: date.instant))
    guard meant != date.instant else { return }
    warnings.append(
      "\(path) \(DocumentProblem.excerpt(bytes[slice.range])): has no offset and is read as UTC, whatever timezone says: "
        + "write \"\(date.instant.iso8601)\", or \"\(meant.localISO8601(in: zone))\" for the clock of \(zone.name)")
  }

  /// The zone that the document itself names, for its schedule or as a whole; nil: none, or one that is unknown.
  private var namedZone: ZoneRules? {
    let object = ScheduleField.all.lazy.compactMap { [layout] in layout[$0.name] }.first { $0.kind == .object }
    let own = object.flatMap { ScheduleObject(path: "", members: JSONScanner.members(of: $0, in: bytes))["timezone"] }
    return own == nil && layout["timezone"] == nil ? nil : try? zone(own, "")
  }
}
