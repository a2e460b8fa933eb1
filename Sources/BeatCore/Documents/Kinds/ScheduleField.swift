/// A field of a document's top level that holds its schedule: each kind's own, or celerybeat-redis' `schedule`.
package enum ScheduleField: Hashable, Sendable {
  case kind(ScheduleKind)
  /// `schedule`, which is an interval or a crontab by its shape.
  case shape

  package var name: String {
    switch self {
    case .kind(let kind): kind.rawValue
    case .shape: "schedule"
    }
  }

  /// In the order in which they are looked for.
  package static let all = ScheduleKind.allCases.map { ScheduleField.kind($0) } + [.shape]

  package static let names = all.map(\.name)

  /// Fields by which other schedulers name a kind that this one has not, and what to do.
  static let unsupported = [(name: "solar", advice: "is not supported; write a crontab")]

  static func named(_ name: some StringProtocol) -> ScheduleField? { all.first { $0.name == name } }

  /// Whether a document has one that is not null.
  package static func isPresent(in document: DocumentLayout) -> Bool { names.contains { document[$0] != nil } }

  /// The kind of the schedule that its object is.
  func kind(of object: ScheduleObject) -> ScheduleKind {
    switch self {
    case .kind(let kind): kind
    case .shape: object["every"] != nil ? .interval : .crontab
    }
  }
}
