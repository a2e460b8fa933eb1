import Testing

@testable import BeatCore

/// Which daemon leads: the one with the lease, where one is in use, and never by its record alone.
@Suite struct FleetTests {
  private let now = UnixTime(seconds: 1_800_000_000)

  private func member(
    _ instance: String, leads: Bool, lease: String? = "5", holds: Bool = false, silence: Int64? = 100_000
  ) -> Fleet.Member {
    var record = DaemonRecord(
      version: "1", host: instance, processID: 7, since: now, isLeading: leads, events: "keyspace", delivery: "direct",
      schedules: 1, rejected: 0, repaired: 0, timezone: "UTC", broker: "redis://localhost:6379/0")
    if let lease { record.options = [DaemonOption("--lease-ttl", lease)] }
    return Fleet.Member(instance: instance, record: record, silence: silence, holdsLease: holds)
  }

  private func fleet(_ members: Fleet.Member..., lease: String? = nil) -> Fleet {
    Fleet(members: members, lease: lease.map { Fleet.Lease(token: "\($0):1", remaining: 3000) }, epoch: 1)
  }

  @Test func theLeaseSaysWhoFires() {
    let two = fleet(member("a", leads: true), member("b", leads: true, holds: true), lease: "b")
    #expect(two.firing.map(\.instance) == ["b"] && two.members.first?.instance == "b")
    #expect(two.members.map(\.isOutdated) == [false, true])
    // A daemon that holds the lease fires, though its record does not say so or is old.
    let late = fleet(member("a", leads: false, holds: true), lease: "a")
    #expect(late.firing.map(\.instance) == ["a"] && late.members[0].isOutdated)
  }

  /// The lease was given back, or ran out: no daemon leads, whatever a record says.
  @Test func aRecordIsNoLease() {
    let alone = fleet(member("a", leads: true))
    #expect(alone.firing.isEmpty && alone.members[0].isOutdated)
    #expect(FiringHealth(alone, now: now).verdict == .nobody(.outdated(place: "a, process 7")))
    // A daemon that could fire will take the lease.
    let able = fleet(member("a", leads: true), member("b", leads: false))
    #expect(FiringHealth(able, now: now).verdict == .nobody(.noLease(alive: 2)))
    // The lease is a dead daemon's.
    let dead = fleet(member("a", leads: true), lease: "z")
    #expect(FiringHealth(dead, now: now).verdict == .nobody(.deadLease(remaining: 3_000_000)))
    // A daemon was killed a moment ago: it still has a heartbeat, and its record counts as right.
    let killed = fleet(member("a", leads: true, silence: 6_000_000), member("b", leads: true, holds: true), lease: "b")
    #expect(killed.firing.map(\.instance) == ["b"] && killed.members.allSatisfy { !$0.isOutdated })
    // A daemon is frozen, and its lease has run out.
    let frozen = fleet(member("a", leads: true, silence: 6_000_000))
    #expect(
      FiringHealth(frozen, now: now).verdict
        == .nobody(.silent(place: "a, process 7", silence: 6_000_000, others: 0)))
  }

  /// Without a lease only the daemon's record counts. So it does for an earlier version, whose record has no options.
  @Test(arguments: ["none (--no-lease)", nil]) func withoutALeaseItsWordCounts(_ lease: String?) {
    let one = fleet(member("a", leads: true, lease: lease))
    #expect(one.firing.map(\.instance) == ["a"] && !one.members[0].isOutdated)
    let mixed = fleet(
      member("a", leads: true, lease: "none (--no-lease)"), member("b", leads: true, holds: true), lease: "b")
    #expect(mixed.firing.map(\.instance) == ["a", "b"])
  }

  /// Beside another daemon's lease the record of an earlier version counts as old.
  @Test func anEarlierVersionBesideALease() {
    let mixed = fleet(member("a", leads: true, lease: nil), member("b", leads: true, holds: true), lease: "b")
    #expect(mixed.firing.map(\.instance) == ["b"] && mixed.members[1].isOutdated)
  }
}
