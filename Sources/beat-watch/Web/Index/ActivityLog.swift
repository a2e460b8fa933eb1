import BeatCore

/// How many runs were fired in each minute of the last hours, and how late they were.
struct ActivityLog {
  static let minutes = 180
  private static let length: Int64 = 60_000_000
  /// The most latenesses of a minute that are kept. Of more, each has the same chance to be among them.
  private static let mostSamples = 512

  private struct Minute {
    var fires = 0
    /// How many runs had a lateness that counts.
    var measured = 0
    var samples: [Int64] = []
    var worst: Int64 = .min
  }

  /// By the number of the minute since 1970.
  private var log: [Int64: Minute] = [:]

  /// - Parameter now: a run of another time than the last hours is left out. Any program may write the history.
  mutating func add(_ run: FireRecord, now: UnixTime) {
    let (number, present) = (Self.number(run.firedAt), Self.number(now))
    guard number > present - Int64(Self.minutes), number <= present + 1 else { return }
    var minute = log[number] ?? Minute()
    minute.fires += 1
    // The same runs count as in `LatenessSummary`.
    if run.reason == FireReason.schedule.rawValue || run.reason == FireReason.immediate.rawValue {
      minute.measured += 1
      minute.worst = max(minute.worst, run.late)
      if minute.samples.count < Self.mostSamples {
        minute.samples.append(run.late)
      } else {
        let place = Int.random(in: 0..<minute.measured)
        if place < Self.mostSamples { minute.samples[place] = run.late }
      }
    }
    log[number] = minute
    if log.count > 2 * Self.minutes {
      log = log.filter { $0.key > present - Int64(Self.minutes) }
    }
  }

  /// Without a time before 1970, the end of which `/` would round up.
  private static func number(_ time: UnixTime) -> Int64 { max(0, time.microseconds) / length }

  /// The minutes up to now, the oldest first.
  func json(_ minutes: Int, now: UnixTime) -> JSONOutput {
    let last = Self.number(now)
    let points = (max(0, last - Int64(minutes) + 1)...last).map { number in
      let minute = log[number] ?? Minute()
      let sorted = minute.samples.sorted()
      /// The smallest lateness that `share` percent of the runs do not exceed.
      func percentile(_ share: Int) -> Int64? {
        sorted.isEmpty ? nil : sorted[max(0, (sorted.count * share + 99) / 100 - 1)]
      }
      return JSONOutput.object([
        ("at", .time(UnixTime(microseconds: number * Self.length))), ("fires", .count(minute.fires)),
        ("late_p50", .seconds(percentile(50))), ("late_p99", .seconds(percentile(99))),
        ("late_max", .seconds(sorted.isEmpty ? nil : minute.worst)),
      ])
    }
    return .object([("step", .integer(Self.length / 1_000_000)), ("points", .list(points))])
  }
}
