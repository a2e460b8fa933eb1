import BeatCore

/// Removes the watermarks of deleted schedules, so that names which are used only once do not fill the hash for ever.
///
/// A watermark outlives its document by `lifetime`, so that a schedule which is made again under its old name within
/// that time never fires for a time already fired. If more than `Limit.goneWatermarks` of them remain, a second walk
/// removes more: first those of schedules that have never run, then the oldest, but none of a run within `guarded`.
final class WatermarkSweep {
  /// 30 days; microseconds.
  static let lifetime: Int64 = 30 * 86_400_000_000
  /// A day, in which a user may restore a deleted schedule from a copy; microseconds.
  static let guarded: Int64 = 86_400_000_000

  private let store: any ScheduleStore
  private let finish: (_ forgotten: Int?) -> Void
  private let now: UnixTime
  /// Watermarks before these times are removed: `fired` for those of a run, `seen` for those of schedules that have
  /// never run.
  private var limits: (fired: UnixTime, seen: UnixTime)
  private var forgotten = 0
  /// How many watermarks of deleted schedules were kept, by their minute since 1970.
  private var fired: [Int64: Int] = [:]
  private var seen: [Int64: Int] = [:]
  private var isSecond = false

  /// - Parameter finish: called once with the number of watermarks removed; nil: the session ended, or the store
  ///   refused.
  init(_ store: any ScheduleStore, now: UnixTime, finish: @escaping (_ forgotten: Int?) -> Void) {
    self.store = store
    self.finish = finish
    self.now = now
    let oldest = now.advanced(by: -Self.lifetime)
    limits = (oldest, oldest)
  }

  func start() { walk(from: nil) }

  private func walk(from position: ScanPosition?) {
    // A watermark more than a day ahead was written before the store's clock was set back, so it is removed too.
    let ages = WatermarkAges(fired: limits.fired, seen: limits.seen, latest: now.advanced(by: 86_400_000_000))
    store.sweepWatermarks(from: position, ages) { [self] result in
      guard case .success(let page) = result else { return finish(nil) }
      forgotten += page.forgotten
      for minute in page.fired { fired[minute, default: 0] += 1 }
      for minute in page.seen { seen[minute, default: 0] += 1 }
      if let next = page.next { walk(from: next) } else { end() }
    }
  }

  private func end() {
    guard !isSecond, let limits = Self.limits(fired: fired, seen: seen, now: now) else { return finish(forgotten) }
    isSecond = true
    self.limits = limits
    walk(from: nil)
  }

  /// The times before which watermarks must be removed to keep the limit; nil: it is kept already.
  static func limits(
    fired: [Int64: Int], seen: [Int64: Int], now: UnixTime
  ) -> (fired: UnixTime, seen: UnixTime)? {
    var excess = (fired.values.reduce(0, +) + seen.values.reduce(0, +)) - Limit.goneWatermarks.most
    guard excess > 0 else { return nil }
    let oldest = now.advanced(by: -lifetime)
    func limit(_ minutes: [Int64: Int], before end: UnixTime) -> UnixTime {
      for minute in minutes.keys.sorted() {
        let start = UnixTime(microseconds: minute &* 60_000_000)
        guard excess > 0, start < end else { return min(start, end) }
        excess -= minutes[minute] ?? 0
      }
      return minutes.isEmpty ? oldest : end
    }
    let firstSeen = limit(seen, before: .latest)
    return (max(oldest, limit(fired, before: now.advanced(by: -guarded))), max(oldest, firstSeen))
  }
}
