/// When a document's task is due: exactly one of the fields of `ScheduleField`.
extension DocumentReader {
  mutating func schedule() throws(DocumentProblem) -> Schedule {
    guard let field = ScheduleField.all.first(where: { layout[$0.name] != nil }), let slice = layout[field.name] else {
      throw missingSchedule
    }
    guard field == ScheduleField.all.last(where: { layout[$0.name] != nil }) else {
      let names = ScheduleField.names.filter { layout[$0] != nil }
      throw DocumentProblem("", "has more than one schedule (\(names.joined(separator: ", "))); keep one")
    }
    guard slice.kind == .object else {
      throw DocumentProblem(field.name, slice, in: bytes, "expected an object")
    }
    return try schedule(field, slice)
  }

  private var missingSchedule: DocumentProblem {
    for (name, advice) in ScheduleField.unsupported where layout[name] != nil { return DocumentProblem(name, advice) }
    let examples = ScheduleKind.allCases.filter(\.comesAgain).map { "\"\($0.rawValue)\": \($0.form.example)" }
    return DocumentProblem("", "has no schedule; add \(examples.joined(separator: " or "))")
  }

  mutating func readSchedule(_ field: ScheduleField, _ slice: JSONSlice) throws(DocumentProblem) -> Schedule {
    let object = ScheduleObject(path: field.name, members: try fields(of: slice, field.name))
    let schedule = try field.kind(of: object).form.read(object, &self)
    try refuseHaste(schedule, field, slice)
    return schedule
  }

  /// Refuses what comes more often than is allowed: an interval by its length is refused where that is read.
  private func refuseHaste(
    _ schedule: Schedule, _ field: ScheduleField, _ slice: JSONSlice
  ) throws(DocumentProblem) {
    guard let gap = schedule.shortestGap(below: context.shortestInterval) else { return }
    throw DocumentProblem(
      field.name, slice, in: bytes,
      Interval.tooShort("\(Interval.words(gap)) from one run to the next", context.shortestInterval))
  }

  /// The zone of a schedule: its own, the document's `timezone`, or the daemon's.
  ///
  /// - Parameters:
  ///   - own: a member of the schedule's object.
  ///   - path: of that member.
  func zone(_ own: JSONSlice?, _ path: String) throws(DocumentProblem) -> ZoneRules {
    guard let slice = own ?? layout["timezone"] else { return context.defaultZone }
    let path = own == nil ? "timezone" : path
    guard slice.kind == .string, case let name = try text(slice, path), !name.isEmpty else {
      throw DocumentProblem(path, slice, in: bytes, #"expected a zone such as "Europe/Berlin""#)
    }
    do throws(ZoneError) { return try context.zone(name) } catch {
      throw DocumentProblem(path, slice, in: bytes, error.message)
    }
  }
}
