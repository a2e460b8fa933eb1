/// What the scheduler keeps of a document in memory: when it is due. The rest is read from the bytes when it fires; a
/// million schedules may be loaded, and most of them rest.
struct EntryTiming: Hashable {
  private let limits: Limits?
  let schedule: Schedule
  // The small ones last: what follows in an entry fills their word.
  let enabled: Bool
  var runImmediately: Bool
  let oneOff: Bool

  var maxRunCount: Int64? { limits?.maxRunCount }
  var startAfter: UnixTime? { limits?.startAfter }
  var expiresAt: UnixTime? { limits?.expiresAt }
  var jitter: Int64 { limits?.jitter ?? 0 }
  var catchup: Catchup { limits?.catchup ?? Catchup() }

  init(_ definition: ScheduleDefinition) {
    schedule = definition.schedule
    enabled = definition.enabled
    runImmediately = definition.runImmediately
    oneOff = definition.oneOff
    let limits = Limits(definition)
    self.limits = limits == Limits.none ? nil : limits
  }

  /// Of the schedule, of when it begins, and of whether it is switched on.
  var digest: ScheduleDigest { digest(enabled: enabled) }

  func digest(enabled: Bool) -> ScheduleDigest {
    var digest = ScheduleDigest()
    schedule.combine(into: &digest)
    digest.combine(startAfter?.microseconds ?? .min)
    digest.combine(enabled ? 1 : 0)
    return digest
  }

  /// Whether a digest was written by this schedule, at its end or before.
  func isMeant(by digest: ScheduleDigest) -> Bool {
    let own = self.digest
    return digest == own || digest == own.finished
  }

  /// Whether there may be a last occurrence.
  var mayFinish: Bool {
    if case .clocked = schedule { return true }
    return oneOff || maxRunCount != nil || expiresAt != nil
  }

  /// What few schedules have: kept apart, so that the others do not pay for it.
  private final class Limits: Hashable, Sendable {
    static let none = Limits(maxRunCount: nil, startAfter: nil, expiresAt: nil, jitter: 0, catchup: Catchup())

    let maxRunCount: Int64?
    let startAfter: UnixTime?
    let expiresAt: UnixTime?
    let jitter: Int64
    let catchup: Catchup

    init(maxRunCount: Int64?, startAfter: UnixTime?, expiresAt: UnixTime?, jitter: Int64, catchup: Catchup) {
      self.maxRunCount = maxRunCount
      self.startAfter = startAfter
      self.expiresAt = expiresAt
      self.jitter = jitter
      self.catchup = catchup
    }

    convenience init(_ definition: ScheduleDefinition) {
      self.init(
        maxRunCount: definition.maxRunCount, startAfter: definition.startAfter, expiresAt: definition.expiresAt,
        jitter: definition.jitter, catchup: definition.catchup)
    }

    static func == (left: Limits, right: Limits) -> Bool {
      left.maxRunCount == right.maxRunCount && left.startAfter == right.startAfter && left.expiresAt == right.expiresAt
        && left.jitter == right.jitter && left.catchup == right.catchup
    }

    func hash(into hasher: inout Hasher) { hasher.combine(maxRunCount) }
  }
}
