import BeatCore

/// The history of runs, a stream in the store.
extension RedisStoreClient {
  private static let pageSize = 200

  /// Reads the history from its newest entry back. Entries that no daemon has written are skipped.
  package func walkHistory(
    since start: UnixTime?, upTo place: HistoryPlace?, _ take: (FireRecord) -> Bool
  ) throws(StoreError) {
    try walk(back: keys.history, since: start, upTo: place) { element in
      for run in Self.runs(of: element).reversed() where start.map({ run.firedAt >= $0 }) ?? true {
        guard take(run) else { return false }
      }
      return true
    }
  }

  /// Reads a stream from its newest entry back, until `take` returns false.
  ///
  /// - Parameters:
  ///   - start: entries that were added in an earlier millisecond are left out.
  ///   - take: gets each element of the replies to XREVRANGE.
  func walk(
    back stream: [UInt8], since start: UnixTime?, upTo place: HistoryPlace? = nil, _ take: (RedisReply) -> Bool
  ) throws(StoreError) {
    let oldest = start.map { "\(max(0, $0.microseconds / 1000))" } ?? "-"
    var newest = place?.text ?? "+"
    while true {
      let reply = try command(RedisCommand("XREVRANGE", stream, newest, oldest, "COUNT", Self.pageSize))
      let page = reply.array ?? []
      for element in page where !take(element) { return }
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
    return reply.array?.first.flatMap { Self.runs(of: $0).last }?.firedAt
  }

  package func oldestRun() throws(StoreError) -> UnixTime? {
    let reply = try command(RedisCommand("XRANGE", keys.history, "-", "+", "COUNT", 1))
    let id = reply.array?.first?.array?.first?.text
    guard let milliseconds = id?.split(separator: "-").first.flatMap({ Int64($0) }) else { return nil }
    let (microseconds, isTooFar) = milliseconds.multipliedReportingOverflow(by: 1000)
    return isTooFar ? nil : UnixTime(microseconds: microseconds)
  }

  /// The place of the newest entry, or one before all entries.
  package func historyEnd() throws(StoreError) -> HistoryPlace {
    let reply = try command(RedisCommand("XREVRANGE", keys.history, "+", "-", "COUNT", 1))
    return HistoryPlace(reply.array?.first?.array?.first?.text ?? "0-0")
  }

  /// The runs after a place, the oldest first. Waits up to five seconds for the first of them, and moves `place` to the
  /// last.
  package func runs(after place: inout HistoryPlace) throws(StoreError) -> [FireRecord] {
    Self.runs(try command(Self.readHistory(keys, after: place)), place: &place)
  }

  /// The command that waits on the server for entries after a place, for less than the patience for any answer.
  static func readHistory(_ keys: RedisKeys, after place: HistoryPlace) -> RedisCommand {
    RedisCommand("XREAD", "COUNT", pageSize, "BLOCK", 5000, "STREAMS", keys.history, place.text)
  }

  /// The runs in the reply to such a command; moves `place` to the last.
  static func runs(_ reply: RedisReply, place: inout HistoryPlace) -> [FireRecord] {
    let elements = reply.array?.first?.array?.last?.array ?? []
    if let last = elements.last?.array?.first?.text { place = HistoryPlace(last) }
    return elements.flatMap(runs)
  }

  /// Reads one element of a reply to XRANGE, XREVRANGE or XREAD; empty: no daemon has written it.
  static func runs(of element: RedisReply) -> [FireRecord] {
    guard let parts = element.array, parts.count == 2 else { return [] }
    return FireRecord.runs(fields: parts[1].array?.map { $0.bytes ?? [] } ?? [])
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
