/// The daemons of a store at one moment: which are alive, and which lead.
package struct Fleet: Hashable, Sendable {
  package struct Member: Hashable, Sendable {
    /// The random name of the process in the store's keys.
    package let instance: String
    /// The daemon's record; nil: it has not written one yet.
    package let record: DaemonRecord?
    /// The time since its last heartbeat, microseconds; nil: its heartbeat has expired, so it is dead.
    package let silence: Int64?
    /// The lease holds this daemon's token.
    package let holdsLease: Bool

    /// The daemon fires unless it is silent: it holds the lease, or it runs without a lease and its record says that it
    /// leads.
    package internal(set) var leads = false
    /// The lease contradicts its record. A daemon writes its record at each change, so it can no longer write it.
    package internal(set) var isOutdated = false

    package var isAlive: Bool { silence != nil }
    /// Its record says that it leads; the record may be out of date.
    package var saysItLeads: Bool { record?.isLeading ?? false }
    /// Its record says that it is still reading the schedules.
    package var isLoading: Bool { record?.isLoading ?? false }
    /// `web1, process 4711`; without a record its instance.
    package var place: String { record.map { "\($0.host), process \($0.processID)" } ?? instance }

    package init(instance: String, record: DaemonRecord?, silence: Int64?, holdsLease: Bool) {
      self.instance = instance
      self.record = record
      self.silence = silence
      self.holdsLease = holdsLease
    }
  }

  package struct Lease: Hashable, Sendable {
    /// `<instance>:<epoch>`
    package let token: String
    /// Milliseconds until it expires; -1: it never expires, so it was set by hand.
    package let remaining: Int64

    package var instance: String { String(token.prefix { $0 != ":" }) }

    package init(token: String, remaining: Int64) {
      self.token = token
      self.remaining = remaining
    }
  }

  /// A leading daemon whose last heartbeat is older is frozen, cut off, or gone; microseconds. A heartbeat comes at
  /// least once a second.
  package static let longestSilence: Int64 = 4_000_000

  /// What the store's list of connections shows about daemons that write nothing. Asked only where no daemon is alive.
  package enum Trace: Hashable, Sendable {
    /// No daemon is connected.
    case none
    /// A daemon is connected, from this place.
    case connected(String)
    /// This user may not list connections.
    case unknown
  }

  /// The leading daemon first, then the other living ones, then the dead.
  package let members: [Member]
  package let trace: Trace
  package let lease: Lease?
  /// How often the lease has changed hands.
  package let epoch: Int64?

  package init(members: [Member], lease: Lease?, epoch: Int64?, trace: Trace = .none) {
    self.trace = trace
    let judged = members.map { member in
      var member = member
      // A record of an earlier version does not say whether the daemon uses a lease. It most probably does where one is
      // in use.
      let isBound = member.record?.usesLease ?? (lease != nil)
      member.leads = member.holdsLease || member.saysItLeads && !isBound
      // A silent daemon writes nothing, so its record proves nothing about its rights.
      let isHeard = member.silence.map { $0 < Self.longestSilence } ?? false
      member.isOutdated = isHeard && member.record != nil && member.leads != member.saysItLeads
      return member
    }
    func rank(_ member: Member) -> Int { !member.isAlive ? 2 : member.leads ? 0 : 1 }
    self.members = judged.sorted { (rank($0), $0.instance) < (rank($1), $1.instance) }
    self.lease = lease
    self.epoch = epoch
  }

  package var alive: [Member] { members.filter(\.isAlive) }

  /// The daemons that fire: the holder of the lease, and those that lead without one. More than one means that a daemon
  /// with `--no-lease` is not alone.
  package var firing: [Member] {
    members.filter { member in
      guard let silence = member.silence, silence < Self.longestSilence else { return false }
      return member.leads
    }
  }
}

extension Fleet {
  /// The daemons that have a record or hold the lease.
  package static func instances(_ records: [String: DaemonRecord], lease: Lease?) -> [String] {
    Set(records.keys).union(lease.map { [$0.instance] } ?? []).sorted()
  }

  /// - Parameter silence: the time since a daemon's last heartbeat, microseconds; nil: it is dead.
  package static func members(
    _ records: [String: DaemonRecord], lease: Lease?, silence: (String) -> Int64?
  ) -> [Member] {
    instances(records, lease: lease).map { instance in
      Member(
        instance: instance, record: records[instance], silence: silence(instance),
        holdsLease: lease?.instance == instance)
    }
  }
}
