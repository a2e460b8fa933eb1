/// A schedule of RedBeat: a hash with a `definition` and a `meta`, and its place in the sorted set of what is due.
/// (Source: redbeat/schedulers.py and decoder.py, 2.4)
package struct RedBeatEntry: Sendable {
  /// The hash's key without RedBeat's prefix.
  package var name: [UInt8]
  /// The hash's fields, as they are.
  package var definition: [UInt8]?
  package var meta: [UInt8]?
  /// The entry's score in `<prefix>:schedule`; nil if it is not a member.
  package var score: Double?
  /// RedBeat has taken it from the application's `beat_schedule`.
  package var isStatic: Bool

  package init(name: [UInt8], definition: [UInt8]?, meta: [UInt8]?, score: Double?, isStatic: Bool) {
    self.name = name
    self.definition = definition
    self.meta = meta
    self.score = score
    self.isStatic = isStatic
  }

  /// The documents that mean the same as all entries of one RedBeat.
  ///
  /// RedBeat does not keep the zone by whose clock its schedules go: it is one for all of them, the application's. Unless
  /// the settings name it, it is the one that all dates name which RedBeat has written at a run; where nothing has run, the
  /// one that all dates name. Where they do not agree, none is believed.
  package static func imported(_ entries: [RedBeatEntry], _ settings: ImportSettings) -> [ImportedSchedule] {
    var settings = settings
    var doubt: String?
    if settings.timezone == nil {
      let zones = entries.compactMap(\.writtenZone)
      let ofRuns = Set(zones.filter(\.isOfRun).map(\.name))
      let believed = ofRuns.isEmpty ? Set(zones.map(\.name)) : ofRuns
      if believed.count == 1 { settings.timezone = believed.first }
      doubt =
        believed.isEmpty
        ? "names no zone"
        : "names no zone, and the dates of this RedBeat name \(believed.sorted().joined(separator: ", "))"
    }
    return entries.map { $0.imported(settings, doubt: doubt ?? "") }
  }

  /// The document that means the same as this one, by itself.
  func imported(_ settings: ImportSettings) -> ImportedSchedule {
    Self.imported([self], settings).first ?? ImportedSchedule(name: EntryName(name), problem: "is gone")
  }

  private func imported(_ settings: ImportSettings, doubt: String) -> ImportedSchedule {
    do throws(ImportRefusal) {
      return try converted(settings, doubt: doubt).checked(settings.documents).unrouted(settings)
    } catch {
      return ImportedSchedule(name: EntryName(name), problem: error.text)
    }
  }

  /// The zone that the date of its last run names, and whether RedBeat has written it at a run: it then has a count.
  /// Other dates follow the clock of the process that saved the schedule, which is the application's as a rule.
  private var writtenZone: (name: String, isOfRun: Bool)? {
    guard let meta, let layout = try? DocumentLayout(meta), let date = layout.object("last_run_at"),
      let name = date.text("timezone"), !name.isEmpty
    else { return nil }
    return (name, layout["total_run_count"] != nil)
  }

  private func converted(_ settings: ImportSettings, doubt: String) throws(ImportRefusal) -> ImportedSchedule {
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
    switch try RedBeatSchedule(layout, settings) {
    case .same(let schedule, let zone):
      document.add(schedule)
      if let zone { document.add("timezone", text: zone) }
    case .rule(let rule):
      document.add(rule.interval)
      document.add("start_after", date: rule.first)
      if let end = rule.end { document.add("expires_at", date: end) }
      // The series is counted from the rule's beginning, not from when it was last sent.
      state.lastRunAt = rule.base(lastRunAt: state.lastRunAt, now: settings.now)
    case .once(let time):
      document.add(.clocked(time))
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
    if settings.timezone == nil, let schedule = layout.object("schedule"),
      schedule.text("__type__").flatMap(ScheduleKind.init)?.followsWallClock == true
        || schedule.bool("relative") == true
    {
      notes.append("\(doubt): it follows the clock of the daemon's --timezone; give the application's here")
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
      guard type == "datetime" else {
        throw ImportRefusal(
          "\(field) holds \(DocumentProblem.excerpt(bytes[part.range])), which is no JSON for a worker")
      }
      let instant = try RedBeatState.date(object, field, settings)
      // An option (expires) is read by us, arguments by the worker.
      return field == "options"
        ? DocumentDate.text(instant, in: .typed(spaced: true)) : KombuText.datetime(instant, zone: "+00:00")
    }
  }
}

/// What RedBeat remembers of a schedule.
struct RedBeatState {
  /// Nil: it has never run, and is due at once in RedBeat.
  var lastRunAt: UnixTime?
  var totalRunCount: Int64 = 0
  init(_ meta: DocumentLayout?, _ settings: ImportSettings) throws(ImportRefusal) {
    guard let meta else { return }
    totalRunCount = meta.number("total_run_count")?.integer ?? 0
    guard let slice = meta["last_run_at"] else { return }
    guard let object = meta.object("last_run_at") else {
      throw ImportRefusal(
        "meta.last_run_at \(DocumentProblem.excerpt(meta.bytes[slice.range])) is no date as RedBeat writes it")
    }
    lastRunAt = try Self.date(object, "meta.last_run_at", settings)
  }

  /// A date as RedBeat writes it.
  static func date(
    _ object: DocumentLayout, _ path: String, _ settings: ImportSettings
  ) throws(ImportRefusal) -> UnixTime {
    do throws(DocumentProblem) {
      return try TypedDate(object.members, in: object.bytes, path: path, zones: settings.documents).instant
    } catch {
      throw ImportRefusal(error.description)
    }
  }
}
