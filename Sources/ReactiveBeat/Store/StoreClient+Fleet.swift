import BeatCore

/// The daemons of a store, as one moment shows them: who is alive, and who fires.
public struct Fleet {
  public struct Member {
    /// The random word by which the process is known to Redis.
    public let instance: String
    /// What it says of itself; nil: it has not said anything yet.
    public let record: DaemonRecord?
    /// Since its last pulse, microseconds; nil: it is dead, its heartbeat has run out.
    public let silence: Int64?
    /// It is the one whose token the lease holds.
    public let holdsLease: Bool

    public var isAlive: Bool { silence != nil }
  }

  public struct Lease {
    /// `<instance>:<epoch>`
    public let token: String
    /// Milliseconds until it runs out; -1: it never does, so it was set by hand.
    public let remaining: Int64

    public var instance: String { String(token.prefix { $0 != ":" }) }
  }

  /// The firing one first, then the living, then the dead.
  public let members: [Member]
  public let lease: Lease?
  /// How often the lease has changed hands.
  public let epoch: Int64?

  public var alive: [Member] { members.filter(\.isAlive) }

  /// Those that send what is due: the holder of the lease, or whoever leads without one. More than one: `--no-lease`
  /// was given to daemons that are not alone.
  public var firing: [Member] {
    members.filter { member in
      guard let silence = member.silence else { return false }
      // One that leads without the lease and has missed several pulses is frozen, or gone.
      return member.holdsLease || member.leads && silence < 4_000_000
    }
  }
}

extension Fleet.Member {
  /// By its own word.
  public var leads: Bool { record?.isLeading ?? false }
}

extension StoreClient {
  /// How long a heartbeat lives, microseconds: as `Pulse` writes it.
  private static let heartbeatLife: Int64 = 10_000_000

  /// The daemons, the lease and its epoch.
  public func fleet() throws(StoreError) -> Fleet {
    let replies = try replies(to: [
      RedisCommand("GET", keys.lease), RedisCommand("PTTL", keys.lease), RedisCommand("GET", keys.epoch),
      // One step finds all: daemons are few, and this is a right that they have themselves.
      RedisCommand("HSCAN", keys.daemons, "0", "COUNT", 1000),
    ])
    for reply in replies { if let error = reply.error { throw StoreError(error, from: url) } }
    let lease = replies[0].text.map { Fleet.Lease(token: $0, remaining: replies[1].integer ?? -2) }
    var records: [String: DaemonRecord] = [:]
    let fields = replies[3].array?.last?.array ?? []
    for index in stride(from: 0, to: fields.count - 1, by: 2) {
      guard let instance = fields[index].text else { continue }
      records[instance] = fields[index + 1].bytes.flatMap { DaemonRecord($0) }
    }
    let instances = Set(records.keys).union(lease.map { [$0.instance] } ?? []).sorted()
    let lives = try self.replies(to: instances.map { RedisCommand("PTTL", keys.heartbeat($0)) })
    var members: [Fleet.Member] = []
    for (instance, life) in zip(instances, lives) {
      if let error = life.error { throw StoreError(error, from: url) }
      let left = life.integer ?? -2
      members.append(
        Fleet.Member(
          instance: instance, record: records[instance],
          silence: left >= 0 ? max(0, Self.heartbeatLife - min(left, 3_600_000) * 1000) : nil,
          holdsLease: lease?.instance == instance))
    }
    func rank(_ member: Fleet.Member) -> Int { !member.isAlive ? 2 : member.holdsLease || member.leads ? 0 : 1 }
    members.sort { (rank($0), $0.instance) < (rank($1), $1.instance) }
    return Fleet(members: members, lease: lease, epoch: replies[2].text.flatMap { Int64($0) })
  }
}
