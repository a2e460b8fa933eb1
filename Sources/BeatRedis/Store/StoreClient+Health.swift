import BeatCore

/// Whether the daemons of a store fire.
extension StoreClient {
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
    package mutating func add(_ standing: ScheduleStanding) {
      count += 1
      if case .rejected = standing.state { rejected += 1 }
      guard let since = standing.overdueSince else { return }
      guard var found = overdue else {
        overdue = FiringHealth.Overdue(count: 1, first: standing.name, since: since)
        return
      }
      found.count += 1
      if since < found.since { (found.first, found.since) = (standing.name, since) }
      overdue = found
    }
  }

  /// Looks for what is overdue, by the documents and their marks: a health check must not cost what a hundred thousand
  /// documents do, so at most `limit` of them are looked at.
  package func survey(_ context: DocumentContext, now: UnixTime, atMost limit: Int) throws(StoreError) -> DueSurvey {
    var names: [EntryName] = []
    var walk = ScanWalk()
    repeat { try add(&names, walking: &walk, count: 1000) } while !walk.isAtEnd && names.count <= limit
    names = Self.inOrder(names)
    var survey = DueSurvey()
    survey.isPartial = !walk.isAtEnd || names.count > limit
    try eachDocument(Array(names.prefix(limit))) { document in
      guard !document.isAbsent else { return }
      survey.add(ScheduleStanding(document.name, document.read, context: context, now: now))
    }
    return survey
  }

  /// When the newest run of the history was fired; nil: there is none, or this user may not see it.
  package func newestRun() throws(StoreError) -> UnixTime? {
    let reply = try replies(to: [RedisCommand("XREVRANGE", keys.history, "+", "-", "COUNT", 1)])[0]
    return reply.array?.first.flatMap { Self.entry($0) }?.record.firedAt
  }

  /// What the daemons themselves say, without a look at the documents.
  package func health() throws(StoreError) -> FiringHealth {
    FiringHealth(try fleet(), lastRun: try newestRun(), now: try time())
  }
}
