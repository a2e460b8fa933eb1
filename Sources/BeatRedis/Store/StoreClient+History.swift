import BeatCore

/// What has been fired, as the stream of the store keeps it.
extension StoreClient {
  private static let pageSize = 500

  /// Entries that are none of ours are passed over.
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
      // A page that does not lead further back would be asked for again without end.
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

  /// The place of the newest entry, or one before all.
  package func historyEnd() throws(StoreError) -> String {
    let reply = try command(RedisCommand("XREVRANGE", keys.history, "+", "-", "COUNT", 1))
    return reply.array?.first?.array?.first?.text ?? "0-0"
  }

  /// What comes after a place, the oldest first; waits up to five seconds for the first of it. Moves `place` on.
  package func history(after place: inout String) throws(StoreError) -> [HistoryEntry] {
    Self.entries(try command(Self.readHistory(keys, after: place)), place: &place)
  }

  /// Waits on the server for what comes after a place: for less than the patience for any answer.
  static func readHistory(_ keys: RedisKeys, after place: String) -> RedisCommand {
    RedisCommand("XREAD", "COUNT", 500, "BLOCK", 5000, "STREAMS", keys.history, place)
  }

  /// What such a command has brought; moves `place` on.
  static func entries(_ reply: RedisReply, place: inout String) -> [HistoryEntry] {
    let elements = reply.array?.first?.array?.last?.array ?? []
    if let last = elements.last?.array?.first?.text { place = last }
    return elements.compactMap(entry)
  }

  /// One element of an answer of XRANGE, XREVRANGE or XREAD.
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

  /// The place just before one. Redis 6.0 has no exclusive ranges.
  static func place(before id: String) -> String? {
    let parts = id.split(separator: "-")
    guard parts.count == 2, let time = UInt64(parts[0]), let number = UInt64(parts[1]) else { return nil }
    if number > 0 { return "\(time)-\(number - 1)" }
    return time > 0 ? "\(time - 1)-\(UInt64.max)" : nil
  }
}
