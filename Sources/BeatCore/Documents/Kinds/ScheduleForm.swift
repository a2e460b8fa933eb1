/// How the schedules of one kind stand in documents. Each kind has a file of its own beside this one.
protocol ScheduleForm {
  /// The object of a schedule as a user may write it. It is shown where a document has none.
  static var example: String { get }
  /// What other schedulers, and people, call the field of this kind.
  static var synonyms: [String] { get }
  /// The members that hold dates.
  static var dates: [String] { get }

  /// Reads an object. The first problem is thrown; what is accepted and probably not meant goes to the reader's warnings.
  static func read(
    _ object: ScheduleObject, _ reader: inout DocumentReader
  ) throws(DocumentProblem) -> Schedule

  /// Whether a field of a document holds an object in which a schedule of this kind can be written member by member, so
  /// that the members that say something else stay.
  static func isHeld(by field: ScheduleField, of document: DocumentEditor) -> Bool

  /// Writes into such an object.
  static func write(_ members: [WrittenSchedule.Member], into field: ScheduleField, of document: inout DocumentEditor)
}

extension ScheduleKind {
  /// The registry of the kinds' forms.
  var form: any ScheduleForm.Type {
    switch self {
    case .interval: IntervalForm.self
    case .crontab: CrontabForm.self
    case .clocked: ClockedForm.self
    }
  }
}

/// The object that is a field's value, without the members that are null.
struct ScheduleObject {
  /// The field's name.
  let path: String
  private let members: [JSONMember]

  init(path: String, members: [JSONMember]) {
    self.path = path
    self.members = members
  }

  subscript(key: String) -> JSONSlice? {
    members.last { $0.key == key }.flatMap { $0.value.kind == .null ? nil : $0.value }
  }

  /// The first key that no reader knows; the class names that object mappers leave behind are left out.
  func unknown(besides known: [String]) -> String? {
    members.first { !known.contains($0.key) && !$0.key.hasPrefix("_") }?.key
  }
}
