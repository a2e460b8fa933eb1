/// What one node of a cluster says of a hash slot.
struct ClusterView: Hashable, Sendable {
  let node: ClusterNodeState
  let nodes: ClusterNodes

  enum Answer: Sendable {
    case view(ClusterView)
    /// The server is not in cluster mode.
    case noCluster
    case refused(RedisServerError)
    case misfit
  }

  /// Asks the node at the other end of a connection. `completion` is not called if the connection dies.
  static func ask(
    _ connection: RedisConnection, about slot: HashSlot, then completion: @escaping (Answer) -> Void
  ) {
    var nodes: RedisReply?
    connection.send(RedisCommand("CLUSTER", "SLOTS")) { nodes = $0 }
    connection.send(RedisCommand("CLUSTER", "NODES")) { reply in
      guard let nodes, let reply else { return }
      if let error = nodes.error ?? reply.error {
        return completion(error.message.contains("cluster support disabled") ? .noCluster : .refused(error))
      }
      guard let nodes = ClusterNodes(nodes, slot: slot, askedAt: connection.endpoint),
        let node = ClusterNodeState(reply.text ?? "", slot: slot)
      else { return completion(.misfit) }
      completion(.view(ClusterView(node: node, nodes: nodes)))
    }
  }
}
