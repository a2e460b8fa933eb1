import BeatCore

/// The history of runs, a stream in the store.
extension StoreClient {
  private static let pageSize = 500

  /// Reads the history from its newest entry back. Entries that no daemon has written are skipped.
  package func walkHistory(since start: UnixTime?, _ take: (HistoryEntry) -> Bool) throws(StoreError) {
    let oldest = start.map { "\(max(0, $0.microseconds / 1000))" } ?? "-"
    var newest = "+"
    while true {
      let reply = try command(RedisCommand("XREVRANGE", keys.history, newest, oldest, "COUNT", Self.pageSize))
      let page = reply.array ?? []
      for element in page {
        guard let entry = Self.entry(element), start.map({ entry.record.firedAt >= $0 }) ?? true else { continue }
        if !take(entry) { return }
      }
      // A page that does not lead further back would be read again without end.
      guard page.count == Self.pageSize, let last = page.last?.array?.first?.text,
        let before = Self.place(before: last),
        newest == "+" || Self.isPlace(before, before: newest)
      else {
        return
      }
      newest = before
    }
  }

  package func newestRun() throws(StoreError) -> UnixTime? {
    let reply = try replies(to: [RedisCommand("XREVRANGE", keys.history, "+", "-", "COUNT", 1)])[0]
    return reply.array?.first.flatMap { Self.entry($0) }?.record.firedAt
  }

  package func oldestRun() throws(StoreError) -> UnixTime? {
    let reply = try command(RedisCommand("XRANGE", keys.history, "-", "+", "COUNT", 1))
    let id = reply.array?.first?.array?.first?.text
    guard let milliseconds = id?.split(separator: "-").first.flatMap({ Int64($0) }) else { return nil }
    let (microseconds, isTooFar) = milliseconds.multipliedReportingOverflow(by: 1000)
    return isTooFar ? nil : UnixTime(microseconds: microseconds)
  }

  /// The id of the newest entry, or one before all entries.
  package func historyEnd() throws(StoreError) -> String {
    let reply = try command(RedisCommand("XREVRANGE", keys.history, "+", "-", "COUNT", 1))
    return reply.array?.first?.array?.first?.text ?? "0-0"
  }

  /// The entries after an id, the oldest first. Waits up to five seconds for the first of them, and moves `place` to
  /// the last.
  package func history(after place: inout String) throws(StoreError) -> [HistoryEntry] {
    Self.entries(try command(Self.readHistory(keys, after: place)), place: &place)
  }

  /// The command that waits on the server for entries after an id, for less than the patience for any answer.
  static func readHistory(_ keys: RedisKeys, after place: String) -> RedisCommand {
    RedisCommand("XREAD", "COUNT", 500, "BLOCK", 5000, "STREAMS", keys.history, place)
  }

  /// The entries in the reply to such a command; moves `place` to the last.
  static func entries(_ reply: RedisReply, place: inout String) -> [HistoryEntry] {
    let elements = reply.array?.first?.array?.last?.array ?? []
    if let last = elements.last?.array?.first?.text { place = last }
    return elements.compactMap(entry)
  }

  /// Reads one element of a reply to XRANGE, XREVRANGE or XREAD; nil: no daemon has written it.
  static func entry(_ element: RedisReply) -> HistoryEntry? {
    guard let parts = element.array, parts.count == 2, let id = parts[0].text,
      let record = FireRecord(fields: parts[1].array?.map { $0.bytes ?? [] } ?? [])
    else { return nil }
    return HistoryEntry(id: id, record: record)
  }

  private static func isPlace(_ id: String, before other: String) -> Bool {
    let numbers = [id, other].map { $0.split(separator: "-").compactMap { UInt64($0) } }
    return numbers[0].lexicographicallyPrecedes(numbers[1])
  }

  /// The id just before another one, since Redis 6.0 has no exclusive ranges; nil: there is none.
  static func place(before id: String) -> String? {
    let parts = id.split(separator: "-")
    guard parts.count == 2, let time = UInt64(parts[0]), let number = UInt64(parts[1]) else { return nil }
    if number > 0 { return "\(time)-\(number - 1)" }
    return time > 0 ? "\(time - 1)-\(UInt64.max)" : nil
  }
}
