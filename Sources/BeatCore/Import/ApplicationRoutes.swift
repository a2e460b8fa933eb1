/// What a Celery application makes of the schedules of another source: where they go by its `task_routes` and default
/// queue, and the options of their tasks. `application.py` is asked, and answers with one JSON object a line.
package struct ApplicationRoutes {
  /// The clock by which the application's crontabs go; nil: it has no zone with a name.
  package let timezone: String?
  /// The answers by the place of their schedule among those that were asked for.
  private var answers: [Int64: DocumentLayout] = [:]

  private static let destination = ["queue", "exchange", "exchange_type", "routing_key"]

  /// The question: a line for each schedule that can come.
  package static func question(_ schedules: [ImportedSchedule], _ context: DocumentContext) -> [UInt8] {
    var lines: [UInt8] = []
    for (index, schedule) in schedules.enumerated() where schedule.problem == nil {
      guard let layout = try? DocumentLayout(schedule.document) else { continue }
      var line = DocumentText()
      line.add("index", json: "\(index)")
      for field in ["task", "args", "kwargs"] { line.add(field, layout[field], in: layout.bytes) }
      let nested = layout.object("options")
      var options = DocumentText()
      for option in CeleryOption.honoured.sorted() {
        guard
          let (slice, bytes) = layout[option].map({ ($0, layout.bytes) })
            ?? nested?[option].map({ ($0, nested?.bytes ?? []) })
        else { continue }
        // A date may be written in a form that is no JSON, and does not say where to.
        guard option != "expires" || slice.kind == .number, !slice.saysNothing(in: bytes) else { continue }
        options.add(option, slice, in: bytes)
      }
      line.add("options", json: options.document)
      lines += line.document + [UInt8(ascii: "\n")]
    }
    return lines
  }

  /// - Parameter bytes: what the application's Python has printed.
  package init(_ bytes: [UInt8]) throws(ImportError) {
    var zone: String?
    var isAnswer = false
    for slice in try BeatScheduleDump.records(bytes) {
      guard let record = try? DocumentLayout(Array(bytes[slice.range])) else { continue }
      if let error = record.text("error") { throw ImportError(error) }
      if let application = record.object("application") {
        isAnswer = true
        zone = application.text("timezone")
      } else if let index = record.number("index")?.integer {
        answers[index] = record
      }
    }
    guard isAnswer else { throw ImportError("the application has printed something else than its routes") }
    timezone = zone
  }

  /// The schedules that were asked for with what the application adds. What a document says itself stays.
  package func applied(to schedules: [ImportedSchedule], _ context: DocumentContext) -> [ImportedSchedule] {
    schedules.enumerated().map { index, schedule in
      guard schedule.problem == nil, let answer = answers[Int64(index)] else { return schedule }
      if let problem = answer.text("problem") { return ImportedSchedule(name: schedule.name, problem: problem) }
      guard let fields = answer.object("fields"), var editor = try? DocumentEditor(schedule.document) else {
        return schedule
      }
      func has(_ key: String) -> Bool { editor.has(key) || editor.has("options", key) }
      let isSent = ["queue", "exchange"].contains { has($0) && editor.text($0) != "" }
      for member in fields.members where member.value.kind != .null {
        guard Self.destination.contains(member.key) ? !isSent : !has(member.key) else { continue }
        editor.set(member.key, to: String(decoding: fields.bytes[member.value.range], as: UTF8.self))
      }
      let notes = answer["notes"].map { JSONScanner.items(of: $0, in: answer.bytes) } ?? []
      var result = ImportedSchedule(name: schedule.name, document: editor.bytes, notes: schedule.notes)
      result.notes +=
        ImportedSchedule(
          name: schedule.name, document: [], notes: notes.compactMap { JSONScanner.text(of: $0, in: answer.bytes) }
        ).notes
      do throws(DocumentProblem) { _ = try ScheduleDocument(editor.bytes, context: context) } catch {
        return ImportedSchedule(name: schedule.name, problem: error.description)
      }
      return result
    }
  }
}
