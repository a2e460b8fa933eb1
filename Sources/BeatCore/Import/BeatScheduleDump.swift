/// The `beat_schedule` of a Celery application, as `application.py` prints it: one JSON object a line, of `name` and
/// either `document`, with `notes`, or `problem`; and one of the `transport_options` of its workers.
package enum BeatScheduleDump {
  package static func schedules(_ bytes: [UInt8], _ settings: ImportSettings) throws(ImportError) -> [ImportedSchedule]
  {
    var schedules: [ImportedSchedule] = []
    for slice in try records(bytes) {
      guard let record = try? DocumentLayout(Array(bytes[slice.range])) else {
        throw ImportError("the application has printed something else than its schedule")
      }
      if let error = record.text("error") { throw ImportError(error) }
      if record["transport_options"] != nil { continue }
      schedules.append(schedule(record, settings))
    }
    return schedules
  }

  static func records(_ bytes: [UInt8]) throws(ImportError) -> [JSONSlice] {
    do { return bytes.isEmpty ? [] : try JSONScanner.records(bytes) } catch {
      throw ImportError("the application has printed something else than its schedule: \(error.message)")
    }
  }

  private static func schedule(_ record: DocumentLayout, _ settings: ImportSettings) -> ImportedSchedule {
    let name = EntryName(record.text("name") ?? "")
    guard let document = record["document"], document.kind == .object else {
      return ImportedSchedule(name: name, problem: record.text("problem") ?? "has no document")
    }
    let notes = record["notes"].map { JSONScanner.items(of: $0, in: record.bytes) } ?? []
    return ImportedSchedule(
      name: name, document: Array(record.bytes[document.range]),
      notes: notes.compactMap { JSONScanner.text(of: $0, in: record.bytes) }
    ).checked(settings.documents)
  }
}
