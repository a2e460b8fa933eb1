/// A schedule of RedBeat: a hash with a `definition` and a `meta`, and its place in the sorted set of what is due.
/// (Source: redbeat/schedulers.py and decoder.py, 2.4)
public struct RedBeatEntry: Sendable {
  /// The hash's key without RedBeat's prefix.
  public var name: [UInt8]
  /// The hash's fields, as they are.
  public var definition: [UInt8]?
  public var meta: [UInt8]?
  /// Its score in `<prefix>:schedule`; nil if it is not in there.
  public var score: Double?
  /// RedBeat has taken it from the application's `beat_schedule`.
  public var isStatic: Bool

  public init(name: [UInt8], definition: [UInt8]?, meta: [UInt8]?, score: Double?, isStatic: Bool) {
    self.name = name
    self.definition = definition
    self.meta = meta
    self.score = score
    self.isStatic = isStatic
  }

  /// The document that means the same.
  public func imported(_ settings: ImportSettings) -> ImportedSchedule {
    let entry = EntryName(name)
    do throws(ImportRefusal) { return try converted(settings).checked(settings.documents) } catch {
      return ImportedSchedule(name: entry, problem: error.text)
    }
  }

  private func converted(_ settings: ImportSettings) throws(ImportRefusal) -> ImportedSchedule {
    guard let definition else { throw ImportRefusal("has no definition; RedBeat drops such an entry") }
    guard score != nil else {
      throw ImportRefusal(
        "is not in RedBeat's sorted set, so it never ran there; save it with RedBeat first, or leave it")
    }
    let layout = try Self.layout(definition, "definition")
    var state = try RedBeatState(meta.map { bytes throws(ImportRefusal) in try Self.layout(bytes, "meta") }, settings)
    let isEnabled = layout.bool("enabled") ?? true

    var notes: [String] = []
    var document = DocumentText()
    document.add("name", text: layout.text("name") ?? String(decoding: name, as: UTF8.self))
    document.add("task", layout["task"], in: definition)
    document.add("enabled", json: isEnabled ? "true" : "false")
    switch try RedBeatSchedule(layout, state, settings) {
    case .same(let key, let json, let zone):
      document.add(key, json: json)
      if let zone { document.add("timezone", text: zone) }
    case .rule(let rule):
      document.add("interval", json: rule.interval)
      document.add("start_after", date: rule.first)
      if let end = rule.end { document.add("expires_at", date: end) }
      // The series is counted from the rule's beginning, not from when it was last sent.
      state.lastRunAt = rule.base(lastRunAt: state.lastRunAt, now: settings.now)
    case .once(let time):
      document.add("clocked", json: #"{"clocked_time": \#(DocumentDate.text(time, in: .typed(spaced: true)))}"#)
      if state.lastRunAt == nil { state.lastRunAt = time.advanced(by: -1_000_000) }
    }
    for field in ["args", "kwargs", "options"] {
      guard let slice = layout[field] else { continue }
      document.add(field, json: try Self.plain(slice, in: definition, field: field, settings))
    }
    if let last = state.lastRunAt {
      document.add("last_run_at", date: last)
    } else if isEnabled {
      document.add("run_immediately", json: "true")
      notes.append("has never run, so it is due at once, as in RedBeat")
    }
    document.add("total_run_count", json: "\(state.totalRunCount)")
    if layout.object("schedule")?.text("__type__") == "crontab", state.timezone == nil {
      notes.append("names no zone: its crontab follows the daemon's --timezone")
    }
    if isStatic { notes.append("comes from the application's beat_schedule; from now on its document counts") }
    return ImportedSchedule(name: EntryName(name), document: document.document, notes: notes)
  }

  private static func layout(_ bytes: [UInt8], _ field: String) throws(ImportRefusal) -> DocumentLayout {
    do { return try DocumentLayout(bytes) } catch {
      throw ImportRefusal("\(field): \(DocumentProblem(error, in: bytes))")
    }
  }

  /// RedBeat's reader makes dates of `__type__` objects wherever they stand; Celery then sends them in its own form.
  private static func plain(
    _ slice: JSONSlice, in bytes: [UInt8], field: String, _ settings: ImportSettings
  ) throws(ImportRefusal) -> [UInt8] {
    try JSONRewrite.value(slice, in: bytes) { part throws(ImportRefusal) in
      guard part.kind == .object, let object = try? DocumentLayout(Array(bytes[part.range])),
        let type = object.text("__type__")
      else { return nil }
      guard type == "datetime", let instant = RedBeatState.date(object, settings)?.instant else {
        throw ImportRefusal(
          "\(field) holds \(DocumentProblem.excerpt(bytes[part.range])), which is no JSON for a worker")
      }
      // An option (expires) is read by us, arguments by the worker.
      return field == "options"
        ? DocumentDate.text(instant, in: .typed(spaced: true)) : ExtendedJSON.kombuDate(instant, zone: "+00:00")
    }
  }
}

/// What RedBeat remembers of a schedule.
struct RedBeatState {
  /// Nil: never run, which is due at once there.
  var lastRunAt: UnixTime?
  var totalRunCount: Int64 = 0
  /// The zone of the application, as far as it can be known.
  var timezone: String?

  init(_ meta: DocumentLayout?, _ settings: ImportSettings) throws(ImportRefusal) {
    timezone = settings.timezone
    guard let meta else { return }
    totalRunCount = meta.number("total_run_count")?.integer ?? 0
    guard let slice = meta["last_run_at"] else { return }
    guard let object = meta.object("last_run_at"), let (instant, zone) = Self.date(object, settings) else {
      throw ImportRefusal(
        "meta.last_run_at \(DocumentProblem.excerpt(meta.bytes[slice.range])) is no date as RedBeat writes it")
    }
    lastRunAt = instant
    // With a count it was RedBeat that wrote it, by the application's clock; without, anybody may have.
    if timezone == nil, meta["total_run_count"] != nil { timezone = zone }
  }

  /// `{"__type__": "datetime", "year": …, "timezone": "Europe/Berlin"}`; the zone may be seconds east of UTC.
  static func date(_ object: DocumentLayout, _ settings: ImportSettings) -> (instant: UnixTime, zone: String?)? {
    guard object.text("__type__") == "datetime" else { return nil }
    func part(_ key: String) -> Int? {
      guard let slice = object.value(key) else { return ["year", "month", "day"].contains(key) ? nil : 0 }
      return DocumentNumber(slice, in: object.bytes)?.integer.flatMap { Int(exactly: $0) }
    }
    guard let year = part("year"), let month = part("month"), let day = part("day"), let hour = part("hour"),
      let minute = part("minute"), let second = part("second"), let microsecond = part("microsecond"),
      let civil = CivilTime(
        year: year, month: month, day: day, hour: hour, minute: minute, second: second, microsecond: microsecond)
    else { return nil }
    if let seconds = object.number("timezone")?.integer {
      guard let offset = Int(exactly: seconds), abs(offset) < 86_400 else { return nil }
      return (civil.instant(utcOffset: offset), nil)
    }
    guard let name = object["timezone"] == nil ? "UTC" : object.text("timezone") else { return nil }
    guard let zone = try? settings.documents.zone(name) else { return nil }
    switch zone.resolve(civil) {
    case .unique(let instant), .overlap(let instant, _), .gap(let instant, _): return (instant, name)
    }
  }
}
