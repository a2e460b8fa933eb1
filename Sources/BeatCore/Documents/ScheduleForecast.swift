/// What comes next of a schedule, before it is saved: only the schedule itself is needed, not a whole document.
public struct ScheduleForecast: Sendable {
  /// Accepted, but probably not what was meant.
  public let warnings: [String]
  public let schedule: Schedule
  /// The zone whose clock a person reads the schedule by.
  public let zone: ZoneRules
  /// The document's own `after`: where to begin.
  public let after: UnixTime?

  private let lastRunAt: UnixTime?
  private let startAfter: UnixTime?
  private let expiresAt: UnixTime?

  /// Reads the schedule fields, `timezone`, `start_after`, `expires_at`, `last_run_at` and `after`.
  public init(_ bytes: [UInt8], context: DocumentContext) throws(DocumentProblem) {
    let layout: DocumentLayout
    do { layout = try DocumentLayout(bytes) } catch { throw DocumentProblem(error, in: bytes) }
    var reader = DocumentReader(layout: layout, context: context)
    schedule = try reader.schedule()
    lastRunAt = try reader.date("last_run_at")
    startAfter = try reader.date("start_after")
    expiresAt = try reader.date("expires_at")
    after = try reader.date("after")
    warnings = reader.warnings
    if case .crontab(let crontab) = schedule { zone = crontab.zone } else { zone = try reader.zone(nil, "timezone") }
  }

  /// The next due times after `time`, at most `count`. An interval counts from `last_run_at`, or from `time` where
  /// there is none.
  public func next(after time: UnixTime, count: Int) -> [UnixTime] {
    var entry = ScheduleEntry(
      name: EntryName(""), document: [], timing: EntryTiming(definition), base: lastRunAt ?? time, totalRunCount: 0)
    entry.floor = time
    entry.hasRun = lastRunAt != nil
    var times: [UnixTime] = []
    while times.count < count, let due = entry.nextDue {
      times.append(due)
      entry.base = due
    }
    return times
  }

  private var definition: ScheduleDefinition {
    ScheduleDefinition(
      name: "", task: "", enabled: true, schedule: schedule, options: MessageOptions(), runImmediately: false,
      oneOff: false, maxRunCount: nil, startAfter: startAfter, expiresAt: expiresAt, jitter: 0, catchup: Catchup())
  }
}
