/// What a look at the documents has found.
package struct DueSurvey: Sendable {
  /// How many stand there; of them those that cannot be used.
  package var count = 0
  package var rejected = 0
  package var overdue: FiringHealth.Overdue?
  /// There are more documents than were looked at.
  package var isPartial = false

  package init() {}

  /// Takes one schedule in.
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
