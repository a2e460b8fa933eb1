/// The daemons of a store, as one moment shows them: who is alive, and who leads.
package struct Fleet: Hashable, Sendable {
  package struct Member: Hashable, Sendable {
    /// The random word by which the process is known to Redis.
    package let instance: String
    /// What it says of itself; nil: it has not said anything yet.
    package let record: DaemonRecord?
    /// Since its last heartbeat, microseconds; nil: it is dead, its heartbeat has run out.
    package let silence: Int64?
    /// It is the one whose token the lease holds.
    package let holdsLease: Bool

    /// It fires, unless it is silent: it holds the lease, or does without one and says that it leads.
    package internal(set) var leads = false
    /// The lease says otherwise than its record, which is written at each change: it could not write it any more.
    package internal(set) var isOutdated = false

    package var isAlive: Bool { silence != nil }
    /// By its own word, which may be old.
    package var saysItLeads: Bool { record?.isLeading ?? false }
    /// By its own word.
    package var isLoading: Bool { record?.isLoading ?? false }
    /// `web1, process 4711`; its instance where it has not said more.
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
    /// Milliseconds until it runs out; -1: it never does, so it was set by hand.
    package let remaining: Int64

    package var instance: String { String(token.prefix { $0 != ":" }) }

    package init(token: String, remaining: Int64) {
      self.token = token
      self.remaining = remaining
    }
  }

  /// A daemon that leads and has not been heard for so long, microseconds, is frozen, cut off, or gone: a heartbeat comes once
  /// a second.
  package static let longestSilence: Int64 = 4_000_000

  /// What the store's connections tell of daemons that say nothing themselves. Asked where none is alive.
  package enum Trace: Hashable, Sendable {
    /// No daemon is connected.
    case none
    /// One is; from where.
    case connected(String)
    /// This user may not see connections.
    case unknown
  }

  /// The leading one first, then the living, then the dead.
  package let members: [Member]
  package let trace: Trace
  package let lease: Lease?
  /// How often the lease has changed hands.
  package let epoch: Int64?

  package init(members: [Member], lease: Lease?, epoch: Int64?, trace: Trace = .none) {
    self.trace = trace
    let judged = members.map { member in
      var member = member
      // An earlier version does not tell whether it has a lease; where one is in use, it most probably has.
      let isBound = member.record?.usesLease ?? (lease != nil)
      member.leads = member.holdsLease || member.saysItLeads && !isBound
      // One that is silent writes nothing, whatever it may.
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

  /// Those that send what is due: the holder of the lease, or whoever leads without one. More than one: `--no-lease`
  /// was given to daemons that are not alone.
  package var firing: [Member] {
    members.filter { member in
      guard let silence = member.silence, silence < Self.longestSilence else { return false }
      return member.leads
    }
  }
}
