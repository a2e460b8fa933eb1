/// A limit of fires in a second: a token bucket that holds a second's worth. Schedules that are due together are sent
/// together, as far as the tokens reach.
struct FireRate {
  /// The cost of one fire, in the unit of `credit`.
  private static let fire: Int64 = 1_000_000
  /// The largest rate; fires in a second.
  static let highest = 1_000_000

  private let perSecond: Int64
  /// The tokens; millionths of a fire.
  private var credit: Int64
  private var filledAt: UnixTime?
  /// When a schedule last had to wait for the limit; nil: none has.
  private(set) var deferredAt: UnixTime?

  /// - Parameter perSecond: 1 to a million; a value outside counts as the nearest limit.
  init(perSecond: Int) {
    self.perSecond = Int64(min(max(perSecond, 1), Self.highest))
    credit = self.perSecond * Self.fire
  }

  /// Whether one more fire may begin now. If not, `deferredAt` is set.
  mutating func mayBegin(at now: UnixTime) -> Bool {
    fill(until: now)
    if credit >= Self.fire { return true }
    deferredAt = now
    return false
  }

  mutating func take() { credit -= Self.fire }

  /// When one more fire may begin: `now`, or later.
  mutating func next(from now: UnixTime) -> UnixTime {
    fill(until: now)
    guard credit < Self.fire else { return now }
    return now.advanced(by: (Self.fire - credit + perSecond - 1) / perSecond)
  }

  /// Adds the tokens of the time that has passed. A clock that goes back adds none.
  private mutating func fill(until now: UnixTime) {
    let passed = min(max(now.microseconds(since: filledAt ?? now), 0), Self.fire)
    filledAt = now
    credit = min(credit + passed * perSecond, perSecond * Self.fire)
  }
}
