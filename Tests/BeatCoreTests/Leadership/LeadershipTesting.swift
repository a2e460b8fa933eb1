@testable import BeatCore

/// Shared by the suites of `Leadership`: a daemon called `me`, at one moment of the clock since boot.
protocol LeadershipTesting {}

extension LeadershipTesting {
  static var second: Int64 { 1_000_000 }
  var now: BootTime { BootTime(microseconds: 1_000_000_000) }

  func after(_ microseconds: Int64) -> BootTime { now.advanced(by: microseconds) }

  func leadership(lease: Int64? = 5 * Self.second) -> Leadership {
    var leadership = unproven(lease: lease)
    _ = leadership.receive(.eligibility(.able(takesOffers: false)), now: now)
    return leadership
  }

  func unproven(lease: Int64? = 5 * Self.second) -> Leadership {
    Leadership(Leadership.Configuration(instance: "me", leaseTTL: lease), clock: StoreClock(Sample.noon, at: now))
  }

  func reply(
    _ sequence: Int64, previous: Int64? = nil, incarnation: String = "store",
    lease: HeartbeatReply.Lease = .held(token: "me:1"), time: UnixTime? = nil, clock: Int64 = 0
  ) -> Leadership.Event {
    .replied(
      HeartbeatReply(
        sequence: sequence, previousSequence: previous ?? sequence - 1, incarnation: incarnation, lease: lease,
        serverTime: time, clockDifference: clock))
  }

  /// A connected daemon that leads with token `me:1`, and has heard its first heartbeat.
  func leading() -> Leadership {
    var leadership = leadership()
    _ = leadership.receive(.connected(hears: true), now: now)
    _ = leadership.receive(reply(1), now: now)
    _ = leadership.receive(.echoed, now: now)
    return leadership
  }
}
