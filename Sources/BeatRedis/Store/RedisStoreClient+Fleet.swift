import BeatCore

extension RedisStoreClient {

  /// The daemons, the lease and its epoch.
  package func fleet() throws(StoreError) -> Fleet {
    let replies = try replies(to: [
      RedisCommand("GET", keys.lease), RedisCommand("PTTL", keys.lease), RedisCommand("GET", keys.epoch),
      // One step finds all, since daemons are few. HSCAN is a command that daemons need themselves.
      RedisCommand("HSCAN", keys.daemons, "0", "COUNT", 1000),
    ])
    for reply in replies { if let error = reply.error { throw failure(error) } }
    // A value that is too long for a daemon to have written it does not count, as with the daemons themselves.
    func own(_ reply: RedisReply) -> RedisReply? {
      (reply.bytes?.count).map { !Limit.ownFieldLength.isExceeded(by: $0) } == true ? reply : nil
    }
    let lease = own(replies[0])?.text.map { Fleet.Lease(token: $0, remaining: replies[1].integer ?? -2) }
    var records: [String: DaemonRecord] = [:]
    guard let fields = ScanAnswer(replies[3])?.found.pairs else { throw misfit("HSCAN") }
    for (name, value) in fields {
      guard let instance = own(name)?.text, let value = own(value) else { continue }
      records[instance] = value.bytes.flatMap { DaemonRecord($0) }
    }
    let instances = Fleet.instances(records, lease: lease)
    let lives = try self.replies(to: instances.map { RedisCommand("PTTL", keys.heartbeat($0)) })
    var silences: [String: Int64] = [:]
    for (instance, life) in zip(instances, lives) {
      if let error = life.error { throw failure(error) }
      guard let left = life.integer, left >= 0 else { continue }
      silences[instance] = max(0, HeartbeatRequest.lifetime - min(left, 3_600_000) * 1000)
    }
    let members = Fleet.members(records, lease: lease) { silences[$0] }
    let isSilent = members.allSatisfy { !$0.isAlive }
    return Fleet(
      members: members, lease: lease, epoch: replies[2].text.flatMap { Int64($0) },
      trace: isSilent ? try trace() : .none)
  }
}
