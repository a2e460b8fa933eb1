/// Does this installation fire? One answer for all who ask, from what has happened: who leads, what succeeded last,
/// what was refused, and what is overdue.
package struct FiringHealth: Hashable, Sendable {
  /// Schedules whose due time has passed and that would be made up for.
  package struct Overdue: Hashable, Sendable {
    package var count: Int
    /// The one that has waited longest, and since when.
    package var first: EntryName
    package var since: UnixTime

    package init(count: Int, first: EntryName, since: UnixTime) {
      self.count = count
      self.first = first
      self.since = since
    }
  }

  package enum Verdict: Hashable, Sendable {
    case fires
    /// Some schedules, or queues, do not get theirs; others do.
    case hindered(Hindrance)
    /// A daemon leads, something is due, and nothing is sent.
    case stuck(Hindrance)
    case nobody(Absence)
  }

  /// What stands in the way of a daemon that leads.
  package enum Hindrance: Hashable, Sendable {
    case refused(FiringReport.Obstacle)
    case brokerLost(FiringReport.Obstacle)
    case deferral(FiringReport.Obstacle)
    /// More is due than is sent: its record says who takes what.
    case congested(Overdue)
    /// It says nothing of what stands in its way.
    case overdue(Overdue)
  }

  /// Why no daemon leads.
  package enum Absence: Hashable, Sendable {
    case noDaemon
    /// None has reported, and whether one is connected cannot be seen.
    case noReport
    /// A process is connected from there, and writes neither heartbeat nor record.
    case speechless(place: String)
    /// None runs, and the lease is still that of the one that died; `isAlone`: nor is another one connected.
    case deadLeader(token: String, isAlone: Bool)
    /// So many run, and none has the lease.
    case noLease(alive: Int)
    /// None has the lease, and those that could fire still read the schedules; the first of them.
    case loading(place: String)
    /// All that run say that they could not fire; the reason of the first.
    case unable(place: String, reason: String)
    /// No daemon has the lease, though the record of one says that it leads: that one can no longer write its record.
    case outdated(place: String)
    /// The lease was set by hand, and never runs out.
    case foreignLease
    /// Others run, and the lease is that of a daemon that died; microseconds until it runs out.
    case deadLease(remaining: Int64)
    /// The one that leads has given no sign of life for so long; microseconds.
    case silent(place: String, silence: Int64, others: Int)
  }

  /// What is late by less, microseconds, is under way: a burst, or another daemon taking over.
  package static let patience: Int64 = 5_000_000

  package let verdict: Verdict
  /// The last fire that is known to have succeeded.
  package let lastFire: UnixTime?
  /// Whether the daemon that leads says what became of its fires: those of earlier versions do not.
  package let isTold: Bool

  /// - Parameters:
  ///   - overdue: by the documents and their watermarks; nil: nothing is, or nobody has looked.
  ///   - lastRun: the newest that the history knows.
  ///   - now: by Redis' clock.
  package init(_ fleet: Fleet, overdue: Overdue? = nil, lastRun: UnixTime? = nil, now: UnixTime) {
    guard let leader = fleet.firing.first else {
      verdict = .nobody(Self.absence(fleet))
      lastFire = lastRun
      isTold = false
      return
    }
    let report = leader.record?.firing
    isTold = report != nil
    let last = [report?.fired, lastRun].compactMap { $0 }.max()
    lastFire = last
    func isOld(_ time: UnixTime) -> Bool { now.microseconds(since: time) > Self.patience }
    /// Nothing has succeeded since it began.
    func stopsAll(_ time: UnixTime) -> Bool { isOld(time) && last.map { $0 < time } ?? true }

    if let lost = report?.brokerLost {
      verdict = isOld(lost.since) ? .stuck(.brokerLost(lost)) : .hindered(.brokerLost(lost))
    } else if let refused = report?.refused {
      verdict = stopsAll(refused.since) ? .stuck(.refused(refused)) : .hindered(.refused(refused))
    } else if let overdue, isOld(overdue.since) {
      let hindrance: Hindrance = report?.congestion == nil ? .overdue(overdue) : .congested(overdue)
      verdict = stopsAll(overdue.since) ? .stuck(hindrance) : .hindered(hindrance)
    } else if let held = report?.deferral {
      verdict = .hindered(.deferral(held))
    } else {
      verdict = .fires
    }
  }

  /// Something that is due is sent.
  package var fires: Bool {
    switch verdict {
    case .fires, .hindered: true
    case .stuck, .nobody: false
    }
  }

  private static func absence(_ fleet: Fleet) -> Absence {
    let alive = fleet.alive
    // The lease of one that never runs out was set by hand; the next daemon takes it.
    if alive.isEmpty {
      if case .connected(let place) = fleet.trace { return .speechless(place: place) }
      if let lease = fleet.lease, lease.remaining >= 0 {
        return .deadLeader(token: lease.token, isAlone: fleet.trace == .none)
      }
      return fleet.trace == .none ? .noDaemon : .noReport
    }
    if let silent = alive.first(where: { ($0.leads || $0.saysItLeads) && ($0.silence ?? 0) >= Fleet.longestSilence }) {
      return .silent(place: silent.place, silence: silent.silence ?? 0, others: alive.count - 1)
    }
    guard let lease = fleet.lease else {
      let reasons = alive.compactMap { member in member.record?.firing?.unable.map { (member.place, $0) } }
      if reasons.count == alive.count, let first = reasons.first {
        return .unable(place: first.0, reason: first.1)
      }
      let able = alive.filter { $0.record?.firing?.unable == nil && !$0.isOutdated }
      if able.isEmpty, let old = alive.first(where: \.isOutdated) { return .outdated(place: old.place) }
      if let first = able.first, able.allSatisfy(\.isLoading) { return .loading(place: first.place) }
      return .noLease(alive: alive.count)
    }
    return lease.remaining < 0 ? .foreignLease : .deadLease(remaining: lease.remaining.saturatingMultiply(by: 1000))
  }
}
