/// How many schedules are rejected or overdue, from a reading of the documents.
package struct DueSurvey: Sendable {
  /// How many documents were read, and how many of them are rejected.
  package var count = 0
  package var rejected = 0
  package var overdue: FiringHealth.Overdue?
  /// The store holds more documents than were read.
  package var isPartial = false

  package init() {}

  /// Counts one schedule.
  package mutating func add(_ preview: SchedulePreview) {
    count += 1
    if case .rejected = preview.state { rejected += 1 }
    guard let since = preview.overdueSince else { return }
    guard var found = overdue else {
      overdue = FiringHealth.Overdue(count: 1, first: preview.name, since: since)
      return
    }
    found.count += 1
    if since < found.since { (found.first, found.since) = (preview.name, since) }
    overdue = found
  }
}
