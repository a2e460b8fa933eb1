/// `{"clocked_time": "2030-01-01T00:00:00Z"}`, with the date in any of the forms of a document's dates.
enum ClockedForm: ScheduleForm {
  static let example = #"{"clocked_time": "2030-01-01T00:00:00Z"}"#
  static let synonyms: [String] = []
  static let dates = [time]

  private static let time = "clocked_time"

  static func read(
    _ object: ScheduleObject, _ reader: inout DocumentReader
  ) throws(DocumentProblem) -> Schedule {
    let path = "\(object.path).\(time)"
    guard let slice = object[time] else { throw DocumentProblem(path, "is missing; expected a date") }
    return .clocked(try DocumentDate(slice, in: reader.bytes, path: path, zones: reader.context).instant)
  }

  static func isHeld(by field: ScheduleField, of document: DocumentEditor) -> Bool {
    field == .kind(.clocked) && document.isObject(field.name)
  }

  static func write(_ members: [WrittenSchedule.Member], into field: ScheduleField, of document: inout DocumentEditor) {
    for member in members { document.set(field.name, member.key, to: member.json) }
  }
}

extension WrittenSchedule {
  /// - Parameter time: an ISO 8601 date as a user wrote it.
  package static func clocked(_ time: String) -> WrittenSchedule {
    WrittenSchedule(.clocked, [("clocked_time", JSONLine.quoted(time))])
  }

  static func clocked(_ time: UnixTime) -> WrittenSchedule {
    WrittenSchedule(.clocked, [("clocked_time", DocumentDate.text(time, in: .typed(spaced: true)))])
  }
}
