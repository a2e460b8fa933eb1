/// The delay by which an occurrence is sent after its due time, so that schedules of the same minute are not all sent
/// at once.
enum Jitter {
  /// When an occurrence is sent: at its due time, or less than `limit` later. It is always before the next one is due,
  /// and before the schedule's end.
  ///
  /// - Parameters:
  ///   - limit: microseconds, as the document says it.
  ///   - end: the document's `expires_at`.
  static func sending(
    of due: UnixTime, _ name: EntryName, _ schedule: Schedule, limit: Int64, end: UnixTime?
  ) -> UnixTime {
    guard limit > 0 else { return due }
    var limit = limit
    // The next time is found from `due` and from nothing earlier, so it is the same on every daemon.
    if let next = schedule.nextDue(after: due, base: due) { limit = min(limit, next.microseconds(since: due)) }
    if let end { limit = min(limit, end.microseconds(since: due)) }
    return due.advanced(by: delay(of: name, due: due, limit: limit))
  }

  /// The delay of an occurrence, in [0, `limit`) microseconds. It is the same for the same schedule and occurrence, on
  /// every daemon and after a restart: FNV-1a over the name and the due time, with its bits mixed as in SplitMix64.
  static func delay(of name: EntryName, due: UnixTime, limit: Int64) -> Int64 {
    guard limit > 0 else { return 0 }
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func take(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    name.bytes.forEach(take)
    for shift in stride(from: UInt64(0), to: 64, by: 8) {
      take(UInt8(truncatingIfNeeded: due.microseconds >> Int64(shift)))
    }
    hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
    hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int64((hash ^ (hash >> 31)) % UInt64(limit))
  }
}
