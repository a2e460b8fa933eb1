/// What comes next of a schedule, before it is saved: only the schedule itself is needed, not a whole document. Where
/// fields say when it ends, or that it rests, they count.
public struct ScheduleForecast: Sendable {
  /// Due times, and why no more of them come.
  public struct Coming: Sendable {
    public var times: [UnixTime]
    /// nil: more come, or may.
    public var end: String?
  }

  /// Accepted, but probably not what was meant.
  public let warnings: [String]
  public let schedule: Schedule
  /// The zone whose clock a person reads the schedule by.
  public let zone: ZoneRules
  /// The document's own `after`: where to begin.
  public let after: UnixTime?

  private let lastRunAt: UnixTime?
  private let totalRunCount: Int64
  private let timing: EntryTiming

  /// Reads the fields that say when: the schedule, its beginning and end, `enabled`, `one_off`, the counts, `last_run_at`;
  /// the message's `expires`; and `after`.
  ///
  /// - Parameter now: a `last_run_at` more than a minute after it is not believed, as by the daemon; nil: any is.
  public init(_ bytes: [UInt8], context: DocumentContext, now: UnixTime? = nil) throws(DocumentProblem) {
    let layout: DocumentLayout
    do { layout = try DocumentLayout(bytes) } catch { throw DocumentProblem(error, in: bytes) }
    var reader = DocumentReader(layout: layout, context: context)
    schedule = try reader.schedule()
    let lastRunAt = try reader.date("last_run_at")
    totalRunCount = try reader.count("total_run_count") ?? 0
    let after = try reader.date("after")
    self.after = after
    timing = EntryTiming(
      ScheduleDefinition(
        name: "", task: "", enabled: layout["enabled"] == nil ? true : try reader.flag("enabled"), schedule: schedule,
        options: try reader.options(), runImmediately: false, oneOff: try reader.flag("one_off"),
        maxRunCount: try reader.maxRunCount(), startAfter: try reader.date("start_after"),
        expiresAt: try reader.date("expires_at"), jitter: 0, catchup: Catchup()))
    if case .crontab(let crontab) = schedule { zone = crontab.zone } else { zone = try reader.zone(nil, "timezone") }
    let latest = now.map { max($0, after ?? $0).advanced(by: SchedulerConfiguration.clockTolerance) }
    if let lastRunAt, let latest, lastRunAt > latest {
      self.lastRunAt = nil
      warnings = reader.warnings + [Scheduler.disbelief(lastRunAt)]
    } else {
      self.lastRunAt = lastRunAt
      warnings = reader.warnings
    }
  }

  /// The next due times after `time`, at most `count`. An interval counts from `last_run_at`, or from `time` where
  /// there is none.
  public func next(after time: UnixTime, count: Int) -> [UnixTime] { coming(after: time, count: count).times }

  /// The same, and why there are not more.
  public func coming(after time: UnixTime, count: Int) -> Coming {
    guard timing.enabled else { return Coming(times: [], end: "it is disabled") }
    var entry = ScheduleEntry(
      name: EntryName(""), document: [], timing: timing, base: lastRunAt ?? time, totalRunCount: totalRunCount)
    entry.floor = time
    entry.hasRun = lastRunAt != nil
    var times: [UnixTime] = []
    while times.count < count, let due = entry.nextDue {
      times.append(due)
      entry.base = due
      entry.totalRunCount = entry.totalRunCount.saturatingAdd(1)
    }
    return Coming(times: times, end: times.count < count ? entry.finish : nil)
  }
}
