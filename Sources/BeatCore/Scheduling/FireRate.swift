/// So many fires a second and no more: a bucket of tokens that holds a second's worth, so that what falls due together
/// goes out together as far as that reaches.
struct FireRate {
  /// Of one fire, in the unit of `credit`.
  private static let fire: Int64 = 1_000_000
  /// The largest rate, a second.
  static let highest = 1_000_000

  private let perSecond: Int64
  /// Millionths of a fire.
  private var credit: Int64
  private var filledAt: UnixTime?
  /// When something had to wait for it last.
  private(set) var deferredAt: UnixTime?

  /// - Parameter perSecond: 1 to a million.
  init(perSecond: Int) {
    self.perSecond = Int64(min(max(perSecond, 1), Self.highest))
    credit = self.perSecond * Self.fire
  }

  /// Whether one more may begin now; notes that something has to wait where not.
  mutating func mayBegin(at now: UnixTime) -> Bool {
    fill(until: now)
    if credit >= Self.fire { return true }
    deferredAt = now
    return false
  }

  mutating func take() { credit -= Self.fire }

  /// When one more may begin: `now`, or later.
  mutating func next(from now: UnixTime) -> UnixTime {
    fill(until: now)
    guard credit < Self.fire else { return now }
    return now.advanced(by: (Self.fire - credit + perSecond - 1) / perSecond)
  }

  /// A clock that goes back fills nothing.
  private mutating func fill(until now: UnixTime) {
    let passed = min(max(now.microseconds(since: filledAt ?? now), 0), Self.fire)
    filledAt = now
    credit = min(credit + passed * perSecond, perSecond * Self.fire)
  }
}
