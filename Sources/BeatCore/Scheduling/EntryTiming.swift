/// The part of a document that decides when the schedule is due. The scheduler keeps only this part parsed, and reads
/// the rest from the bytes at a fire: a million schedules may be loaded, and most of them rest.
struct EntryTiming: Hashable {
  private let limits: Limits?
  let schedule: Schedule
  // The small fields are last: the entry's next fields share their word.
  let enabled: Bool
  var runImmediately: Bool
  let oneOff: Bool

  var maxRunCount: Int64? { limits?.maxRunCount }
  var startAfter: UnixTime? { limits?.startAfter }
  /// The end: nothing is due or sent at this time or later. It is `expires_at`, or the time from which messages are
  /// void.
  var expiresAt: UnixTime? { limits?.expiresAt }
  /// Whether the end is that of the messages, by `expires`: a worker would discard a message that is sent from then on.
  var endsWithMessages: Bool { limits?.endsWithMessages ?? false }
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

  /// Why nothing is due after the end.
  func endInWords(_ end: UnixTime) -> String {
    guard endsWithMessages else { return "expires_at \(end.iso8601) comes before its next occurrence" }
    guard end > .earliest else { return "expires leaves its messages no time: a worker would discard them" }
    return "expires \(end.iso8601) comes before its next occurrence: a worker would discard the message"
  }

  /// Whether the schedule may have a last occurrence.
  var mayFinish: Bool { schedule.comesOnce || oneOff || maxRunCount != nil || expiresAt != nil }

  /// The fields that few schedules have. They are kept apart, so that the others need no memory for them.
  private final class Limits: Hashable, Sendable {
    static let none = Limits(
      maxRunCount: nil, startAfter: nil, expiresAt: nil, endsWithMessages: false, jitter: 0, catchup: Catchup())

    let maxRunCount: Int64?
    let startAfter: UnixTime?
    let expiresAt: UnixTime?
    let endsWithMessages: Bool
    let jitter: Int64
    let catchup: Catchup

    init(
      maxRunCount: Int64?, startAfter: UnixTime?, expiresAt: UnixTime?, endsWithMessages: Bool, jitter: Int64,
      catchup: Catchup
    ) {
      self.maxRunCount = maxRunCount
      self.startAfter = startAfter
      self.expiresAt = expiresAt
      self.endsWithMessages = endsWithMessages
      self.jitter = jitter
      self.catchup = catchup
    }

    convenience init(_ definition: ScheduleDefinition) {
      let endsWithMessages = definition.voidFrom.map { $0 < definition.expiresAt ?? .latest } ?? false
      self.init(
        maxRunCount: definition.maxRunCount, startAfter: definition.startAfter,
        expiresAt: endsWithMessages ? definition.voidFrom : definition.expiresAt, endsWithMessages: endsWithMessages,
        jitter: definition.jitter, catchup: definition.catchup)
    }

    static func == (left: Limits, right: Limits) -> Bool {
      left.maxRunCount == right.maxRunCount && left.startAfter == right.startAfter && left.expiresAt == right.expiresAt
        && left.endsWithMessages == right.endsWithMessages && left.jitter == right.jitter
        && left.catchup == right.catchup
    }

    func hash(into hasher: inout Hasher) { hasher.combine(maxRunCount) }
  }
}
