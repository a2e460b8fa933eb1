/// Schedules of django-celery-beat, as `manage.py dumpdata django_celery_beat` prints its tables: JSON or JSON lines.
/// (Source: django_celery_beat/models.py and schedulers.py, 2.9)
struct DjangoDump {
  static let application = "django_celery_beat."

  private var tasks: [DocumentLayout] = []
  /// Rows of the schedules' tables by model and key.
  private var rows: [String: DocumentLayout] = [:]

  init(_ records: [DocumentLayout]) throws(ImportError) {
    for (index, record) in records.enumerated() {
      guard let model = record.text("model"), let fields = record.object("fields") else {
        throw ImportError("record \(index + 1) of the dump has no \"model\" and \"fields\"; make it with dumpdata")
      }
      guard model.hasPrefix(Self.application) else { continue }
      let table = String(model.dropFirst(Self.application.count))
      if table == "periodictask" { tasks.append(fields) }
      if let slice = record["pk"] { rows[Self.row(table, slice, in: record)] = fields }
    }
  }

  func schedules(_ settings: ImportSettings) -> [ImportedSchedule] {
    tasks.map { task in
      let name = EntryName(task.text("name") ?? "")
      do throws(ImportRefusal) {
        let (document, notes) = try document(of: task, settings)
        return ImportedSchedule(name: name, document: document, notes: notes).checked(settings.documents)
          .unrouted(settings)
      } catch {
        return ImportedSchedule(name: name, problem: error.text)
      }
    }
  }

  private static func row(_ table: String, _ key: JSONSlice, in record: DocumentLayout) -> String {
    "\(table) " + String(decoding: record.bytes[key.range], as: UTF8.self)
  }

  private func document(
    of task: DocumentLayout, _ settings: ImportSettings
  ) throws(ImportRefusal) -> (document: [UInt8], notes: [String]) {
    guard let name = task.text("name"), !name.isEmpty else { throw ImportRefusal("has no name") }
    let isEnabled = task.bool("enabled") ?? true
    var document = DocumentText()
    document.add("name", task["name"], in: task.bytes)
    document.add("task", task["task"], in: task.bytes)
    document.add("enabled", json: isEnabled ? "true" : "false")
    var dates = DjangoDates(task)
    try addSchedule(of: task, to: &document, &dates)

    for field in ["args", "kwargs"] {
      document.add(field, json: try Self.json(task, field))
    }
    document.add("headers", json: try Self.headers(task, name: name))
    for field in ["queue", "exchange", "routing_key"] where task.text(field)?.isEmpty == false {
      document.add(field, task[field], in: task.bytes)
    }
    document.add("priority", task["priority"], in: task.bytes)
    if let expires = try dates.read("expires") {
      document.add("expires", date: expires)
      document.add("expires_at", date: expires)
    } else if task.number("expire_seconds")?.integer != 0 {
      // There 0 is none.
      document.add("expires", task["expire_seconds"], in: task.bytes)
    }
    if task.bool("one_off") == true { document.add("one_off", json: "true") }

    var notes: [String] = []
    let start = try dates.read("start_time")
    if let start { document.add("start_after", date: start) }
    if let last = try dates.lastRunAt(start: start, now: settings.now) {
      document.add("last_run_at", date: last)
    } else if isEnabled, let start, start <= settings.now {
      document.add("run_immediately", json: "true")
      notes.append("its start_time has passed and it has never run, so it is due at once, as there")
    }
    document.add("total_run_count", json: "\(task.number("total_run_count")?.integer ?? 0)")
    if task.text("description")?.isEmpty == false { document.add("description", task["description"], in: task.bytes) }
    if dates.wereNaive { notes.append("its dates have no zone (USE_TZ is off) and are read as UTC") }
    return (document.document, notes)
  }

  private func addSchedule(
    of task: DocumentLayout, to document: inout DocumentText, _ dates: inout DjangoDates
  ) throws(ImportRefusal) {
    let columns = (ScheduleKind.allCases.map(\.rawValue) + ["solar"]).filter { task[$0] != nil }
    guard let column = columns.first, let key = task[column], columns.count == 1 else {
      throw ImportRefusal(columns.isEmpty ? "has no schedule" : "has more than one schedule; keep one")
    }
    guard let kind = ScheduleKind(rawValue: column) else {
      throw ImportRefusal(
        "a solar schedule cannot be expressed; write a crontab, or let a crontab's task look at the sun")
    }
    guard let row = rows[Self.row("\(column)schedule", key, in: task)] else {
      throw ImportRefusal(
        "its \(column) is not in the dump; dump all tables: manage.py dumpdata django_celery_beat > schedules.json")
    }
    switch kind {
    case .interval:
      document.add(WrittenSchedule(kind, row, taking: ["every", "period"]))
    case .crontab:
      document.add(
        WrittenSchedule(kind, row, taking: ["minute", "hour", "day_of_week", "day_of_month", "month_of_year"]))
      document.add("timezone", row["timezone"], in: row.bytes)
    case .clocked:
      guard let time = try dates.read("clocked_time", of: row) else {
        throw ImportRefusal("its clocked_time is missing")
      }
      document.add(.clocked(time))
      dates.clocked = time
    }
  }

  /// A text column that holds JSON, as that JSON.
  private static func json(_ task: DocumentLayout, _ field: String) throws(ImportRefusal) -> [UInt8] {
    let empty = field == "args" ? "[]" : "{}"
    guard let slice = task[field] else { return Array(empty.utf8) }
    guard let text = JSONScanner.text(of: slice, in: task.bytes) else { throw ImportRefusal("\(field) is no text") }
    guard !text.isEmpty else { return Array(empty.utf8) }
    let bytes = Array(text.utf8)
    guard let records = try? JSONScanner.records(Array("[".utf8) + bytes + Array("]".utf8)), records.count == 1 else {
      throw ImportRefusal("\(field) \(DocumentProblem.excerpt(bytes)): is not JSON; mend it in the Django admin")
    }
    return bytes
  }

  /// The row's own headers, and the one that django-celery-beat adds (django-celery-results shows it).
  private static func headers(_ task: DocumentLayout, name: String) throws(ImportRefusal) -> [UInt8] {
    let bytes = try json(task, "headers")
    guard let layout = try? DocumentLayout(bytes) else {
      guard bytes.elementsEqual("null".utf8) else { throw ImportRefusal("headers are no JSON object") }
      var headers = DocumentText()
      headers.add("periodic_task_name", text: name)
      return headers.document
    }
    var headers = DocumentText()
    for member in layout.members where member.key != "periodic_task_name" {
      headers.add(member.key, member.value, in: bytes)
    }
    headers.add("periodic_task_name", text: name)
    return headers.document
  }
}

/// The dates of a row of django-celery-beat.
private struct DjangoDates {
  let task: DocumentLayout
  var clocked: UnixTime?
  private(set) var wereNaive = false

  init(_ task: DocumentLayout) { self.task = task }

  mutating func read(_ field: String) throws(ImportRefusal) -> UnixTime? { try read(field, of: task) }

  mutating func read(_ field: String, of row: DocumentLayout) throws(ImportRefusal) -> UnixTime? {
    guard let slice = row[field] else { return nil }
    guard let text = JSONScanner.text(of: slice, in: row.bytes), let time = UnixTime(iso8601: text) else {
      throw ImportRefusal("\(field) \(DocumentProblem.excerpt(row.bytes[slice.range])) is no date")
    }
    // "2026-11-20T10:00:00.123": a zone would follow the time.
    if !text.dropFirst(11).contains(where: { "Zz+-".contains($0) }) { wereNaive = true }
    return time
  }

  /// What the next run is counted from. Without a last run it is the time of the last change there; nil where
  /// django-celery-beat takes a time so long ago that the schedule is due as soon as its start has come.
  mutating func lastRunAt(start: UnixTime?, now: UnixTime) throws(ImportRefusal) -> UnixTime? {
    if let last = try read("last_run_at") { return last }
    if let clocked {
      // A time that has passed without a run is due at once, there and here.
      let isOpen = clocked <= now && task.number("total_run_count")?.integer ?? 0 == 0
      return isOpen ? clocked.advanced(by: -1_000_000) : nil
    }
    guard start == nil, task.bool("enabled") ?? true else { return nil }
    return try read("date_changed")
  }
}
