/// The nodes that a node of a cluster knows, as its clients reach them: the answer to `CLUSTER SLOTS`.
struct ClusterNodes: Hashable, Sendable {
  /// The most nodes that are remembered.
  private static let most = 64

  /// The slot's primary; nil: no node has the slot.
  let owner: RedisEndpoint?
  /// All nodes, each once, the slot's own first.
  let all: [RedisEndpoint]

  /// nil: the reply is no answer to `CLUSTER SLOTS`.
  ///
  /// - Parameter asked: where the node that gave the answer was reached. A node whose host is not told has the same.
  init?(_ reply: RedisReply, slot: HashSlot, askedAt asked: RedisEndpoint) {
    guard let ranges = reply.array else { return nil }
    var owner: RedisEndpoint?
    var (own, others): ([RedisEndpoint], [RedisEndpoint]) = ([], [])
    for range in ranges {
      guard let parts = range.array, parts.count > 2, let first = parts[0].integer, let last = parts[1].integer else {
        return nil
      }
      let nodes = parts[2...].compactMap { Self.endpoint($0, askedAt: asked) }
      if first <= slot.number, slot.number <= last {
        owner = Self.endpoint(parts[2], askedAt: asked)
        own = nodes
      } else {
        others += nodes
      }
    }
    var all: [RedisEndpoint] = []
    var known: Set<RedisEndpoint> = []
    for node in own + others where all.count < Self.most && known.insert(node).inserted { all.append(node) }
    self.owner = owner
    self.all = all
  }

  /// nil: the node cannot be reached from elsewhere, or its address is none.
  ///
  /// - Parameter node: host, port, id, and from Redis 7 on further names of the host, in pairs.
  private static func endpoint(_ node: RedisReply, askedAt asked: RedisEndpoint) -> RedisEndpoint? {
    guard let parts = node.array, parts.count > 1, let port = parts[1].integer, let port = UInt16(exactly: port),
      port > 0
    else { return nil }
    let host = parts[0].text ?? ""
    if !host.isEmpty, host != "?" { return RedisEndpoint.isHost(host) ? .tcp(host: host, port: port) : nil }
    // A node without a host name, in a cluster that names its nodes by them, tells its address there.
    if let names = parts.dropFirst(3).first?.pairs, let address = names.first(where: { $0.0.text == "ip" })?.1.text,
      RedisEndpoint.isHost(address)
    {
      return .tcp(host: address, port: port)
    }
    guard case .tcp(let host, _) = asked else { return nil }
    return .tcp(host: host, port: port)
  }
}
