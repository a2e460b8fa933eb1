import ArgumentParser
import BeatCore

/// Fields to be written into a document. A field stays where the document already has it.
struct DocumentFieldChanges {
  /// A schedule's new value, of one of the three kinds.
  enum Form {
    case interval(every: Int64, period: Period)
    /// The five fields in cron's order.
    case crontab([String])
    case clocked(String)
  }

  var schedule: Form?
  /// Flags of an interval; nil: unchanged.
  var relative: Bool?
  var align: Bool?
  var timezone: String?
  /// Fields of the document's top level, with their JSON.
  var fields: [(key: String, json: String)] = []
  /// Options of `apply_async`, with their JSON. A document may have them at its top level or in `options`.
  var options: [(key: String, json: String)] = []
  var unset: [String] = []

  /// The fields that the daemon knows. To unset one of them that the document does not have is no mistake.
  private static let known =
    kinds + [
      "name", "task", "enabled", "timezone", "args", "kwargs", "options", "queue", "exchange", "exchange_type",
      "routing_key", "priority", "expires", "expire_seconds", "time_limit", "soft_time_limit", "headers", "serializer",
      "compression", "run_immediately", "start_after", "expires_at", "max_run_count", "one_off", "jitter", "catchup",
      "catchup_window", "relative", "align", "last_run_at", "total_run_count",
    ]

  private static let kinds = ["interval", "crontab", "clocked", "schedule"]

  private var isOfSchedule: Bool { schedule != nil || relative != nil || align != nil || timezone != nil }

  var isEmpty: Bool { !isOfSchedule && fields.isEmpty && options.isEmpty && unset.isEmpty }

  /// The names of the top-level fields that may change.
  var touched: Set<String> {
    var touched = Set(fields.map(\.key) + options.map(\.key) + unset)
    if !options.isEmpty { touched.insert("options") }
    if isOfSchedule { touched.formUnion(Self.kinds + ["timezone"]) }
    return touched
  }

  /// Writes the changes. A document without fields becomes a new schedule.
  func apply(to editor: inout DocumentEditor, name: EntryName) throws {
    if editor.keys.isEmpty { try begin(&editor, name: name) }
    for key in unset {
      guard editor.value(key) != nil || editor.value("options", key) != nil else {
        guard !Self.known.contains(key) else { continue }
        let near = NearMiss.words(for: key, among: editor.keys + Self.known).first.map { "; is \($0) meant?" } ?? ""
        throw CommandError(
          .usage, "set \(Cut.argument("\(name)")): --unset \(Cut.argument(key)): the document has no such field\(near)")
      }
      editor.remove(key)
      editor.remove("options", key)
    }
    if let schedule { write(schedule, to: &editor) }
    for (key, value) in [("relative", relative), ("align", align)] {
      if let value { try write(key, value, to: &editor) }
    }
    for (key, json) in fields { editor.set(key, to: json) }
    if let timezone {
      if editor.has("crontab", "timezone") {
        editor.set("crontab", "timezone", to: JSONLine.quoted(timezone))
      } else {
        editor.set("timezone", to: JSONLine.quoted(timezone))
      }
    }
    for (key, json) in options {
      if !editor.has(key), editor.has("options", key) {
        editor.set("options", key, to: json)
      } else {
        editor.set(key, to: json)
      }
    }
  }

  private func begin(_ editor: inout DocumentEditor, name: EntryName) throws {
    guard schedule != nil, fields.contains(where: { $0.key == "task" }) else {
      throw CommandError(
        .missing,
        "no schedule \(Cut.argument("\(name)")); to make one, give --task and one of --every, --cron and --at")
    }
    for (key, json) in [
      ("name", JSONLine.quoted(String(decoding: name.bytes, as: UTF8.self))), ("task", "\"\""), ("enabled", "true"),
    ] {
      editor.set(key, to: json)
    }
  }

  private func write(_ form: Form, to editor: inout DocumentEditor) {
    let present = Self.kinds.filter { editor.has($0) }
    switch form {
    case .interval(let every, let period):
      let period = "\"\(period.rawValue)\""
      if let key = present.first, present.count == 1, editor.has(key, "every") {
        editor.set(key, "every", to: "\(every)")
        editor.set(key, "period", to: period)
      } else {
        replace(present, by: "interval", #"{"every": \#(every), "period": \#(period)}"#, in: &editor)
      }
    case .crontab(let fields):
      let keys = ["minute", "hour", "day_of_month", "month_of_year", "day_of_week"]
      if let key = present.first, present.count == 1,
        key == "crontab" || key == "schedule" && !editor.has(key, "every"),
        editor.isObject(key)
      {
        // A crontab's line says everything: what it cannot say is removed.
        editor.remove(key, "day_of_year")
        for (field, value) in zip(keys, fields) where value != "*" || editor.value(key, field) != nil {
          editor.set(key, field, to: JSONLine.quoted(value))
        }
      } else {
        let members = zip(keys, fields).map { "\(JSONLine.quoted($0)): \(JSONLine.quoted($1))" }
        replace(present, by: "crontab", "{\(members.joined(separator: ", "))}", in: &editor)
      }
    case .clocked(let time):
      if present == ["clocked"], editor.isObject("clocked") {
        editor.set("clocked", "clocked_time", to: JSONLine.quoted(time))
      } else {
        replace(present, by: "clocked", #"{"clocked_time": \#(JSONLine.quoted(time))}"#, in: &editor)
      }
    }
  }

  /// Writes a flag into the document's interval.
  private func write(_ key: String, _ value: Bool, to editor: inout DocumentEditor) throws {
    guard let interval = Self.kinds.first(where: { editor.has($0, "every") }) else {
      throw CommandError(.data, "--\(key) belongs to an interval, and the schedule is none: give --every as well")
    }
    if value { editor.set(interval, key, to: "true") } else { editor.remove(interval, key) }
  }

  /// Writes a schedule in the place of the first one that the document has, and removes any others.
  private func replace(_ present: [String], by key: String, _ json: String, in editor: inout DocumentEditor) {
    for other in Self.kinds where other != present.first { editor.remove(other) }
    if let first = present.first { editor.replace(first, by: key, json) } else { editor.set(key, to: json) }
  }
}
