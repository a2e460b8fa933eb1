import BeatCore

/// When the leading daemon sweeps watermarks: once a day, or once a minute while schedules are deleted by the thousand.
final class WatermarkSweeps {
  /// The shortest time between two sweeps, after few and after many deletions; microseconds.
  private static let pauses: (few: Int64, many: Int64) = (86_400_000_000, 60_000_000)

  /// How many schedules were deleted since the last sweep.
  var gone = 0
  private var sweptAt: BootTime?

  var areManyGone: Bool { gone > Limit.goneWatermarks.most / 2 }

  /// - Parameter report: called with the number of watermarks removed, if it is not 0.
  func sweep(
    _ store: any ScheduleStore, now: UnixTime, at moment: BootTime, report: @escaping (Int) -> Void
  ) {
    let pause = areManyGone ? Self.pauses.many : Self.pauses.few
    guard sweptAt.map({ moment.microseconds(since: $0) > pause }) ?? true else { return }
    sweptAt = moment
    gone = 0
    WatermarkSweep(store, now: now) { [weak self] forgotten in
      // A sweep that failed is tried again with the next audit.
      guard let forgotten else {
        self?.sweptAt = nil
        return
      }
      if forgotten > 0 { report(forgotten) }
    }.start()
  }
}
