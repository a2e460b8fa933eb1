import ArgumentParser
import BeatCore

/// Fields to be written into a document. A field stays where the document already has it.
struct DocumentFieldChanges {
  var schedule: WrittenSchedule?
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
    ScheduleField.names + [
      "name", "task", "enabled", "timezone", "args", "kwargs", "options", "queue", "exchange", "exchange_type",
      "routing_key", "priority", "expires", "expire_seconds", "time_limit", "soft_time_limit", "headers", "serializer",
      "compression", "run_immediately", "start_after", "expires_at", "max_run_count", "one_off", "jitter", "catchup",
      "catchup_window", "relative", "align", "last_run_at", "total_run_count",
    ]

  private var isOfSchedule: Bool { schedule != nil || relative != nil || align != nil || timezone != nil }

  var isEmpty: Bool { !isOfSchedule && fields.isEmpty && options.isEmpty && unset.isEmpty }

  /// The names of the top-level fields that may change.
  var touched: Set<String> {
    var touched = Set(fields.map(\.key) + options.map(\.key) + unset)
    if !options.isEmpty { touched.insert("options") }
    if isOfSchedule { touched.formUnion(ScheduleField.names + ["timezone"]) }
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
    schedule?.write(to: &editor)
    for (key, value) in [("relative", relative), ("align", align)] {
      if let value { try write(key, value, to: &editor) }
    }
    for (key, json) in fields { editor.set(key, to: json) }
    if let timezone {
      let kinds = ScheduleKind.allCases.filter(\.followsWallClock)
      if let kind = kinds.first(where: { editor.has($0.rawValue, "timezone") }) {
        editor.set(kind.rawValue, "timezone", to: JSONLine.quoted(timezone))
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
        "no schedule \(Cut.argument("\(name)")); to make one, give --task and one of \(ScheduleKind.options)")
    }
    for (key, json) in [
      ("name", JSONLine.quoted(String(decoding: name.bytes, as: UTF8.self))), ("task", "\"\""), ("enabled", "true"),
    ] {
      editor.set(key, to: json)
    }
  }

  /// Writes a flag into the document's interval.
  private func write(_ key: String, _ value: Bool, to editor: inout DocumentEditor) throws {
    guard let interval = ScheduleField.names.first(where: { editor.has($0, "every") }) else {
      throw CommandError(.data, "--\(key) belongs to an interval, and the schedule is none: give --every as well")
    }
    if value { editor.set(interval, key, to: "true") } else { editor.remove(interval, key) }
  }
}
