/// Everything that can be said about a document before it runs: all problems, not only the first one, and what is
/// accepted but probably not meant.
package struct DocumentReview: Sendable {
  /// One thing to say.
  package struct Remark: Hashable, Sendable {
    package enum Level: String, Sendable {
      /// The document is set aside until it is mended.
      case error
      /// It runs, but probably not as it was meant.
      case warning
      /// It does what it was made for; worth a word all the same.
      case note
    }
    package var level: Level
    /// The line of the text, from 1.
    package var line: Int
    /// Path of the field, such as `interval.period`; empty for the document as a whole.
    package var field: String
    /// What stands there, shortened; empty if nothing does.
    package var found: String
    package var message: String

    package init(_ level: Level, line: Int = 1, field: String = "", found: String = "", _ message: String) {
      self.level = level
      self.line = line
      self.field = field
      self.found = found
      self.message = message
    }

    /// `interval.period "minuts": expected one of …`
    package var content: String {
      let place = [field, found].filter { !$0.isEmpty }.joined(separator: " ")
      return (place.isEmpty ? message : "\(place): \(message)").printable
    }

    /// The same with its line.
    package var inWords: String { "line \(line): \(content)" }
  }

  /// All remarks, in the order of their lines.
  package let remarks: [Remark]

  package var hasErrors: Bool { remarks.contains { $0.level == .error } }

  /// - Parameters:
  ///   - now: what lies before it will not come again.
  ///   - stored: the document's name, and the watermark beside it; nil: only the text is known, as for a file.
  package init(
    _ bytes: [UInt8], context: DocumentContext, now: UnixTime,
    stored: (name: EntryName, watermark: WatermarkState)? = nil
  ) {
    var remarks: [Remark] = []
    func add(_ level: Remark.Level, _ field: String, _ found: String, _ message: String, line: Int? = nil) {
      let line = line ?? Self.line(of: field, in: bytes)
      remarks.append(Remark(level, line: line, field: field, found: found, message))
    }
    do throws(DocumentProblem) {
      var editor = try DocumentEditor(bytes)
      // A value that was put right here says nothing about what was meant: there is no warning of it.
      var mended: Set<String> = []
      var context = context
      // A reader stops at the first problem: what it has found is put right in a copy, and it reads again.
      for _ in 0..<64 {
        do throws(DocumentProblem) {
          let document = try ScheduleDocument(editor.bytes, context: context)
          for warning in document.warnings {
            let field = warning.split(whereSeparator: { " :".contains($0) }).first.map(String.init) ?? ""
            let key = String(field.split(separator: ".").first ?? "")
            let isPath = editor.has(key)
            if mended.contains(key) { continue }
            add(.warning, isPath ? field : "", "", isPath ? Self.rest(of: warning, after: field) : warning)
          }
          let prospect = Prospect(editor.bytes, document, context: context, now: now, stored: stored)
          for (field, message, level) in prospect.ends {
            let path = editor.has(field) ? field : "options.\(field)"
            if editor.has(field) || editor.has("options", field) { add(level, path, "", message) }
          }
          break
        } catch {
          add(.error, error.field, error.found, error.message)
          // The queue is named once; whatever would be taken in its place was not asked for.
          if error.field == "queue" || error.field == "options.queue" { context.queueProblem = { _ in nil } }
          guard Self.mend(&editor, error) || error.field == "queue" else { break }
          mended.insert(error.field.split(separator: ".").first.map(String.init) ?? Self.standIn.rawValue)
        }
      }
      for (field, message) in Self.oddities(bytes) { add(.warning, field, "", message) }
    } catch {
      add(.error, "", "", error.message, line: Self.syntaxLine(bytes))
    }
    self.remarks = remarks.enumerated().sorted { ($0.element.line, $0.offset) < ($1.element.line, $1.offset) }
      .map(\.element)
  }

  /// The kind of schedule that is put in the place of one that cannot be read: an empty object of it can.
  private static let standIn = ScheduleKind.crontab

  /// Takes away what a problem is about, so that the next one shows; false if there is nothing to take away.
  private static func mend(_ editor: inout DocumentEditor, _ problem: DocumentProblem) -> Bool {
    let before = editor.bytes
    let path = problem.field.split(separator: ".").map(String.init)
    switch path.first {
    // There are too many fields, and the text does not tell which of them are meant.
    case nil where (try? DocumentLayout(before)).map { Limit.fieldCount.isExceeded(by: $0.members.count) } ?? true:
      return false
    case nil:
      // No schedule, or more than one.
      for name in ScheduleField.names { editor.remove(name) }
      editor.set(standIn.rawValue, to: "{}")
    case "name"?, "task"?: editor.set(path[0], to: "\"x\"")
    case "enabled"?: editor.set("enabled", to: "true")
    case let key? where ScheduleField.named(key) != nil:
      if path.count == 2, editor.isObject(key), editor.value(key, path[1]) != nil, key == standIn.rawValue {
        // Not taken away: a crontab that names no minute is warned of.
        editor.set(key, path[1], to: "\"*\"")
      } else {
        editor.replace(key, by: standIn.rawValue, "{}")
      }
    case let key?:
      if path.count > 1, editor.value(key, path[1]) != nil { editor.remove(key, path[1]) } else { editor.remove(key) }
    }
    return editor.bytes != before
  }

  /// The most oddities that are told. An oddity is a field that no reader knows and whose name looks like one that a
  /// reader does, or a field that comes twice.
  private static let mostOddities = 20

  private static func oddities(_ bytes: [UInt8]) -> [(String, String)] {
    // A look at the names of too many fields would take seconds, and that there are too many is an error of its own.
    guard let layout = try? DocumentLayout(bytes), !Limit.fieldCount.isExceeded(by: layout.members.count) else {
      return []
    }
    var oddities: [(String, String)] = []
    var (seen, repeated): (Set<String>, Set<String>) = ([], [])
    for member in layout.members where !seen.insert(member.key).inserted && repeated.insert(member.key).inserted {
      oddities.append((member.key, "comes more than once; the last one counts"))
    }
    for key in seen.sorted() where !DocumentFields.known.contains(key) && !CeleryOption.isKnown(key) {
      if let near = DocumentFields.near(key) {
        oddities.append((key, "is not a field of a schedule and has no effect: is \(near) meant?"))
      }
    }
    let more = oddities.count - mostOddities
    return more > 0 ? oddities.prefix(mostOddities) + [("", "\(more) more fields are of no use")] : oddities
  }

  private static func rest(of warning: String, after field: String) -> String {
    var rest = warning.dropFirst(field.count)
    while let first = rest.first, " :".contains(first) { rest = rest.dropFirst() }
    return String(rest)
  }

  // MARK: lines

  private static func line(of field: String, in bytes: [UInt8]) -> Int {
    let path = field.split(separator: ".").map(String.init)
    guard let key = path.first, let layout = try? DocumentLayout(bytes),
      let member = layout.members.last(where: { $0.key == key })
    else { return 1 }
    var place = member.keyRange.lowerBound
    if path.count > 1, member.value.kind == .object,
      let inner = JSONScanner.members(of: member.value, in: bytes).last(where: { $0.key == path[1] })
    {
      place = inner.keyRange.lowerBound
    }
    return bytes[..<place].count { $0 == 0x0A } + 1
  }

  private static func syntaxLine(_ bytes: [UInt8]) -> Int {
    do {
      _ = try JSONScanner.document(bytes)
      return 1
    } catch { return bytes.prefix(error.offset).count { $0 == 0x0A } + 1 }
  }
}

/// The fields of a document that the daemon or Celery reads.
package enum DocumentFields {
  /// The fields of the top level.
  package static let known: Set<String> = Set(ScheduleField.names).union([
    "name", "task", "enabled", "timezone", "args", "kwargs", "options",
    "queue", "exchange", "exchange_type", "routing_key", "priority", "expires", "expire_seconds", "time_limit",
    "soft_time_limit", "headers", "serializer", "compression", "ignore_result", "shadow", "argsrepr", "kwargsrepr",
    "run_immediately", "one_off", "max_run_count",
    "start_after", "expires_at", "jitter", "catchup", "catchup_window", "last_run_at", "total_run_count",
  ])

  /// Fields that other schedulers leave behind, and whose names look like the known ones.
  private static let innocent: Set<String> = ["key", "delete_key", "running", "no_changes", "date_changed", "cls"]

  /// What other schedulers, and users, call the known fields.
  private static let synonyms = {
    var synonyms = ["tz": "timezone", "arguments": "args", "keyword_arguments": "kwargs", "params": "kwargs"]
    for kind in ScheduleKind.allCases {
      for synonym in kind.form.synonyms { synonyms[synonym] = kind.rawValue }
    }
    return synonyms
  }()

  /// The field whose name is so near to `key` that it was probably meant; nil if there is none.
  package static func near(_ key: String) -> String? {
    if let meant = synonyms[key.lowercased()] { return meant }
    let plain = normal(key)
    guard plain.count >= 4, plain.count <= 24, !innocent.contains(key), !key.hasPrefix("_") else { return nil }
    let limit = plain.count < 6 ? 1 : 2
    return plainNames.lazy.filter { abs($0.plain.count - plain.count) <= limit }
      .map { ($0.name, NearMiss.distance(plain, $0.plain)) }.filter { $0.1 <= limit }
      .min { ($0.1, $0.0) < ($1.1, $1.0) }?.0
  }

  private static let plainNames = known.map { (name: $0, plain: normal($0)) }

  private static func normal(_ key: String) -> [UInt8] {
    key.lowercased().utf8.filter { $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") }
  }
}
