/// A file of schedules in any of the forms that are understood.
package enum ImportFile {
  package enum Form: String, Sendable, CaseIterable {
    /// Documents as they are in the store: one, one a line, a list, or an object of name and document.
    case documents
    /// Lines of `beat-watch export`.
    case export
    /// celerybeat-mongo, by mongoexport or a mongo shell.
    case mongo
    /// django-celery-beat, by dumpdata.
    case django
  }

  /// - Parameter form: nil: by what the file holds.
  package static func schedules(
    _ bytes: [UInt8], form: Form?, _ settings: ImportSettings
  ) throws(ImportError) -> [ImportedSchedule] {
    let (bytes, slices) = try read(bytes)
    var records: [DocumentLayout] = []
    records.reserveCapacity(slices.count)
    for (index, slice) in slices.enumerated() {
      guard slice.kind == .object, let layout = try? DocumentLayout(Array(bytes[slice.range])) else {
        throw ImportError("value \(index + 1) is not a JSON object: \(DocumentProblem.excerpt(bytes[slice.range]))")
      }
      records.append(layout)
    }
    switch form ?? records.first.map(Self.form) ?? .documents {
    case .django: return try DjangoDump(records).schedules(settings)
    case .mongo: return MongoDocument.imported(records.map(MongoDocument.init(exported:)), settings)
    case .export: return records.map { export($0, settings) }
    case .documents: return documents(records).map { $0.checked(settings.documents) }
    }
  }

  /// The text as JSON: a shell's JavaScript is made JSON first.
  private static func read(_ bytes: [UInt8]) throws(ImportError) -> ([UInt8], [JSONSlice]) {
    do throws(JSONError) { return (bytes, try JSONScanner.records(bytes)) } catch {
      let shell = MongoShellText.json(bytes)
      if let records = try? JSONScanner.records(shell) { return (shell, records) }
      throw ImportError(DocumentProblem(error, in: bytes).description)
    }
  }

  private static func form(of record: DocumentLayout) -> Form {
    if record.text("model")?.hasPrefix(DjangoDump.application) == true, record["fields"] != nil { return .django }
    if ExportLine.schedule(record) != nil { return .export }
    let hasObjectID = record.value("_id").map { $0.holdsShellCall || $0.kind == .object } == true
    return hasObjectID || record.value("_cls") != nil ? .mongo : .documents
  }

  /// What was in the store comes back as it was, even if the daemon does not accept it.
  private static func export(_ record: DocumentLayout, _ settings: ImportSettings) -> ImportedSchedule {
    guard var schedule = ExportLine.schedule(record) else {
      return ImportedSchedule(
        name: EntryName(record.text("key") ?? ""),
        problem: "is no line of an export: a key and a document are expected")
    }
    let checked = schedule.checked(settings.documents)
    schedule.notes = checked.problem.map { ["the daemon does not accept it: \($0)"] } ?? checked.notes
    return schedule
  }

  /// One object maps names to documents if all its members are objects, and none has the name of a schedule's field.
  private static func documents(_ records: [DocumentLayout]) -> [ImportedSchedule] {
    if records.count == 1, let only = records.first, isMap(only) {
      return only.members.map { ImportedSchedule(name: EntryName($0.key), document: Array(only.bytes[$0.value.range])) }
    }
    return records.map { record in
      guard let name = record.text("name"), !name.isEmpty else {
        return ImportedSchedule(
          name: EntryName(""), problem: "has no \"name\" to be known by; write {\"NAME\": {…document…}} instead")
      }
      return ImportedSchedule(name: EntryName(name), document: record.bytes)
    }
  }

  private static func isMap(_ record: DocumentLayout) -> Bool {
    !record.members.isEmpty && record.members.allSatisfy { $0.value.kind == .object }
      && !record.members.contains { ScheduleField.named($0.key) != nil }
  }
}
