/// Whether this installation fires: one answer for `status`, health checks and metrics. It follows from who leads, what
/// succeeded last, what was refused, and what is overdue.
package struct FiringHealth: Hashable, Sendable {
  /// Schedules whose due time has passed and whose run would still be sent.
  package struct Overdue: Hashable, Sendable {
    package var count: Int
    /// The schedule that has waited longest, and since when.
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
    /// A daemon fires, but some schedules or some queues get no messages.
    case hindered(Hindrance)
    /// A daemon leads, something is due, and no message is sent.
    case stuck(Hindrance)
    /// No daemon leads.
    case nobody(Absence)
  }

  /// What prevents fires of a daemon that leads.
  package enum Hindrance: Hashable, Sendable {
    case refused(FiringReport.Obstacle)
    case brokerLost(FiringReport.Obstacle)
    case deferral(FiringReport.Obstacle)
    /// More is due than is sent: the daemon's record says which schedules take most of the fires.
    case congested(Overdue)
    /// Schedules are overdue, and the daemon's record gives no reason.
    case overdue(Overdue)
  }

  /// Why no daemon leads.
  package enum Absence: Hashable, Sendable {
    case noDaemon
    /// No daemon has a heartbeat or a record, and this user may not see whether one is connected.
    case noReport
    /// A daemon is connected from this place but writes neither heartbeat nor record.
    case speechless(place: String)
    /// No daemon runs, and the lease is still that of a daemon that died. `isAlone`: no other daemon is connected
    /// either.
    case deadLeader(token: String, isAlone: Bool)
    /// This many daemons run, and none holds the lease.
    case noLease(alive: Int)
    /// No daemon holds the lease, and those that could fire are still reading the schedules; the place of the first.
    case loading(place: String)
    /// Every running daemon reports that it cannot fire; the place and the reason of the first.
    case unable(place: String, reason: String)
    /// No daemon holds the lease, but the record of one says that it leads: that daemon can no longer write its record.
    case outdated(place: String)
    /// The lease was set by hand, and never runs out.
    case foreignLease
    /// Daemons run, but the lease is that of a daemon that died; `remaining`: microseconds until it expires.
    case deadLease(remaining: Int64)
    /// The leading daemon has sent no heartbeat for `silence` microseconds; `others`: how many more run.
    case silent(place: String, silence: Int64, others: Int)
  }

  /// A schedule that is late by less is not overdue: it may be a burst, or another daemon may be taking over;
  /// microseconds.
  package static let patience: Int64 = 5_000_000

  package let verdict: Verdict
  /// When the last fire succeeded, by the leader's record and the history; nil: neither knows one.
  package let lastFire: UnixTime?
  /// Whether the leading daemon reports what became of its fires; earlier versions do not.
  package let isTold: Bool

  /// - Parameters:
  ///   - overdue: from the documents and their watermarks; nil: nothing is overdue, or the documents were not read.
  ///   - lastRun: the newest run in the history.
  ///   - now: the time by the store's clock.
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
    /// The obstacle is older than the patience, and no fire has succeeded since it began.
    func stopsAll(_ time: UnixTime) -> Bool { isOld(time) && last.map { $0 < time } ?? true }

    if let lost = report?.brokerLost {
      verdict = isOld(lost.since) ? .stuck(.brokerLost(lost)) : .hindered(.brokerLost(lost))
    } else if let refused = report?.refused {
      verdict = stopsAll(refused.since) ? .stuck(.refused(refused)) : .hindered(.refused(refused))
    } else if let overdue, isOld(overdue.since) {
      let hindrance: Hindrance = report?.congestion == nil ? .overdue(overdue) : .congested(overdue)
      verdict = stopsAll(overdue.since) ? .stuck(hindrance) : .hindered(hindrance)
    } else if let held = report?.deferral {
      verdict = held.isTotal && isOld(held.since) ? .stuck(.deferral(held)) : .hindered(.deferral(held))
    } else {
      verdict = .fires
    }
  }

  /// Whether at least some of the schedules that are due fire.
  package var fires: Bool {
    switch verdict {
    case .fires, .hindered: true
    case .stuck, .nobody: false
    }
  }

  private static func absence(_ fleet: Fleet) -> Absence {
    let alive = fleet.alive
    // A lease that never expires was set by hand and does not count: the next daemon takes it.
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
