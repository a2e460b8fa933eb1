import BeatCore

extension MongoStoreClient {
  package func facts() throws(StoreError) -> StoreFacts {
    let facts = try ask { client throws(MongoError) in try client.facts() }
    let members = try ask { client throws(MongoError) in try ReplicaSetMembers.read(client) }
    var words = ["MongoDB \(facts.version.isEmpty ? "of an unknown version" : facts.version.printable)"]
    words.append(facts.setName.map { "replica set \($0.printable)" } ?? "no replica set")
    words.append(facts.isWritablePrimary ? "primary" : "no primary")
    return StoreFacts(
      kind: "mongodb", words: words.joined(separator: ", "),
      facts: [
        StoreFacts.Fact("version", .text(facts.version.isEmpty ? nil : facts.version)),
        StoreFacts.Fact("replica_set", .text(facts.setName)),
        StoreFacts.Fact("role", .text(facts.isWritablePrimary ? "primary" : "secondary")),
        StoreFacts.Fact("members", .number(members.map { Int64($0.count) })),
        StoreFacts.Fact("members_up", .number(members.map { Int64($0.up) })),
        StoreFacts.Fact("collection", .text("\(schedules.database).\(schedules.schedules)")),
      ],
      writeObstacle: facts.isWritablePrimary ? members?.obstacle : "\(url) is no primary any more, and takes no writes")
  }
}

/// How many of a replica set's members are up, as far as this user may see it.
struct ReplicaSetMembers {
  let count: Int
  let up: Int
  /// How many must confirm a write that must not be lost; nil: an older server does not tell.
  let needed: Int?

  /// Why no such write is confirmed; nil: no reason is known.
  var obstacle: String? {
    guard let needed, up < needed else { return nil }
    return "\(Plural.of(up, "member")) of the replica set can be reached, and \(needed) must confirm each fire"
  }

  /// nil: there is no replica set, or this user may not look (the role clusterMonitor).
  static func read(_ client: MongoClient) throws(MongoError) -> ReplicaSetMembers? {
    let status: BSONDocument
    do throws(MongoError) { status = try client.run(["replSetGetStatus": 1], on: "admin") } catch {
      guard case .server = error.kind, !error.endsSession else { throw error }
      return nil
    }
    guard let members = status["members"]?.members else { return nil }
    var (count, up) = (0, 0)
    for member in members {
      // An arbiter (7) keeps no data, so it confirms nothing.
      guard let state = member.value["state"]?.integer, state != 7 else { continue }
      count += 1
      if member.value["health"]?.integer == 1, state == 1 || state == 2 { up += 1 }
    }
    return ReplicaSetMembers(
      count: count, up: up, needed: status["writeMajorityCount"]?.integer.map { Int(clamping: $0) })
  }
}
