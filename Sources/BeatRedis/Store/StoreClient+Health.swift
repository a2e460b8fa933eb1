import BeatCore

/// Whether the daemons of a store fire.
extension StoreClient {
  package func survey(_ context: DocumentContext, now: UnixTime, atMost limit: Int) throws(StoreError) -> DueSurvey {
    var names: [EntryName] = []
    var walk = ScanWalk()
    repeat { try add(&names, walking: &walk, count: 1000) } while !walk.isAtEnd && names.count <= limit
    names = Self.inOrder(names)
    var survey = DueSurvey()
    survey.isPartial = !walk.isAtEnd || names.count > limit
    try eachDocument(Array(names.prefix(limit))) { document in
      guard !document.isAbsent else { return }
      survey.add(SchedulePreview(document.name, document.read, context: context, now: now))
    }
    return survey
  }

  package func outboxLength() throws(StoreError) -> Int64 {
    try command(RedisCommand("LLEN", keys.outbox)).integer ?? 0
  }

  package func facts() throws(StoreError) -> StoreFacts { try report().facts }
}
