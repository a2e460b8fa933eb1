import Glibc

@testable import BeatRedis
@testable import ReactiveBeat

/// A Redis cluster of three primaries and, if asked for, a replica of each, on private ports.
final class ClusterStage {
  /// The primaries, then their replicas in the same order.
  let nodes: [RedisServer]
  let prefix = "{beat}:tasks:"
  let slot = HashSlot(of: Array("{beat}".utf8)).number

  /// - Parameter options: redis-server's own, for every node.
  init(replicas: Bool = true, _ options: [String] = []) throws {
    let count = replicas ? 6 : 3
    nodes = try (0..<count).map { _ in
      try RedisServer(
        [
          "--cluster-enabled", "yes", "--cluster-port", "\(RedisServer.freePort())", "--cluster-node-timeout", "2000",
          "--cluster-replica-validity-factor", "0", "--repl-diskless-sync-delay", "0",
        ] + options, tcp: true)
    }
    for (number, node) in nodes.enumerated() {
      let client = try node.client()
      client("CLUSTER", "SET-CONFIG-EPOCH", "\(number + 1)")
      if number < 3 {
        client("CLUSTER", "ADDSLOTSRANGE", "\(number * 5461)", "\(number == 2 ? 16383 : number * 5461 + 5460)")
      }
      if number > 0 {
        let bus = client("CONFIG", "GET", "cluster-port")?.array?.last?.text ?? ""
        try nodes[0].client()("CLUSTER", "MEET", "127.0.0.1", "\(node.port)", bus)
      }
    }
    try wait("the nodes do not find each other") {
      $0("CLUSTER", "INFO")?.text?.contains("cluster_known_nodes:\(count)\r\n") == true
    }
    for number in 3..<max(3, count) {
      let client = try nodes[number].client()
      let primary = try id(nodes[number - 3])
      guard eventually(within: 20, { client("CLUSTER", "REPLICATE", primary)?.isOK == true }) else {
        throw Failure("node \(number) does not become a replica", 0)
      }
    }
    try awaitWhole()
  }

  func id(_ node: RedisServer) throws -> String { try node.client()("CLUSTER", "MYID")?.text ?? "" }

  private func wait(_ problem: String, _ holds: (BlockingClient) -> Bool) throws {
    for node in nodes where node.pid != 0 {
      let isMet = eventually(within: 30) { (try? node.client()).map(holds) ?? false }
      guard isMet else { throw Failure(problem, 0) }
    }
  }

  /// Waits until all nodes that run are at work, and each replica follows its primary.
  func awaitWhole() throws {
    try wait("the cluster is not whole") { client in
      guard client("CLUSTER", "INFO")?.text?.contains("cluster_state:ok") == true else { return false }
      let role = client("ROLE")?.array ?? []
      return role.first?.text == "master" || role.count > 3 && role[3].text == "connected"
    }
  }

  /// The slot's primary; nil: there is none just now.
  func ownerNow() -> RedisServer? {
    nodes.first { node in
      guard node.pid != 0, let client = try? node.client(),
        let state = client("CLUSTER", "NODES")?.text.flatMap({
          ClusterNodeState($0, slot: HashSlot(of: Array("{beat}".utf8)))
        })
      else { return false }
      return state.isOwner && client("CLUSTER", "INFO")?.text?.contains("cluster_state:ok") == true
    }
  }

  /// The slot's primary.
  func owner() throws -> RedisServer {
    var found: RedisServer?
    guard
      eventually(
        within: 30,
        {
          found = ownerNow()
          return found != nil
        }), let found
    else { throw Failure("no node has the slot", 0) }
    return found
  }

  /// A primary that has not the slot.
  func stranger() throws -> RedisServer {
    let owner = try owner()
    return try nodes.first {
      guard $0 !== owner, $0.pid != 0 else { return false }
      return try $0.client()("ROLE")?.array?.first?.text == "master"
    } ?? owner
  }

  /// The documents as they are on the slot's node.
  func stage() throws -> Stage { try Stage(on: owner(), prefix: prefix, store: 0, broker: 0) }

  func url(_ nodes: RedisServer...) -> String {
    nodes.map { "redis://127.0.0.1:\($0.port)" }.joined(separator: ";") + "/0"
  }

  /// Lets a replica take its primary's place. A replica that has just joined may let the first request expire.
  func failOver(to replica: RedisServer) throws {
    for _ in 0..<5 {
      try replica.client()("CLUSTER", "FAILOVER")
      if eventually(within: 7, { ownerNow() === replica }) { return }
    }
    throw Failure("the replica does not take over", 0)
  }

  // MARK: moving the slot

  /// Marks the slot as being moved, on both nodes.
  func beginMove(from source: RedisServer, to target: RedisServer) throws {
    _ = try target.client()("CLUSTER", "SETSLOT", "\(slot)", "IMPORTING", id(source))
    _ = try source.client()("CLUSTER", "SETSLOT", "\(slot)", "MIGRATING", id(target))
  }

  /// Moves up to `count` keys of the slot; returns whether any were left.
  func moveKeys(_ count: Int, from source: RedisServer, to target: RedisServer) throws -> Bool {
    let client = try source.client()
    let keys = client("CLUSTER", "GETKEYSINSLOT", "\(slot)", "\(count)")?.array?.compactMap(\.bytes) ?? []
    guard !keys.isEmpty else { return false }
    let words = ["MIGRATE", "127.0.0.1", "\(target.port)", "", "0", "5000", "KEYS"]
    client.call(words.map { Array($0.utf8) } + keys)
    return true
  }

  /// Gives the slot to its new node, when all keys are there.
  func endMove(from source: RedisServer, to target: RedisServer) throws {
    let new = try id(target)
    for node in [target, source] + nodes where node.pid != 0 {
      _ = try node.client()("CLUSTER", "SETSLOT", "\(slot)", "NODE", new)
    }
  }

  /// Moves the slot, key after key, with a pause after each.
  func move(to target: RedisServer, pausing microseconds: UInt32 = 0) throws {
    let source = try owner()
    try beginMove(from: source, to: target)
    while try moveKeys(1, from: source, to: target) { usleep(microseconds) }
    try endMove(from: source, to: target)
  }
}
