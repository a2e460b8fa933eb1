import BeatCore

/// Whether the daemons of a store fire.
extension RedisStoreClient {
  package func survey(_ context: DocumentContext, now: UnixTime, atMost limit: Int) throws(StoreError) -> DueSurvey {
    var names: [EntryName] = []
    var walk = ScanWalk()
    repeat { try add(&names, walking: &walk, count: 1000) } while !walk.isAtEnd && names.count <= limit
    return try survey(EntryName.inOrder(names), isAll: walk.isAtEnd, context, now: now, atMost: limit)
  }

  package func outboxLength() throws(StoreError) -> Int64 {
    try command(RedisCommand("LLEN", keys.outbox)).integer ?? 0
  }

  package func facts() throws(StoreError) -> StoreFacts { try report().facts }
}
