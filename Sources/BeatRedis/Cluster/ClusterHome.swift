/// Where a cluster keeps the documents: the hash slot of their prefix, and the nodes that were learned. It outlives
/// connections, so that the next one finds the slot's node even if the node of the URL is gone.
package final class ClusterHome {
  /// nil: the prefix has no hash tag, so that the keys are spread over all nodes.
  let slot: HashSlot?
  private let keys: RedisKeys
  /// The nodes, the slot's own primary first; empty: no cluster was met.
  private(set) var nodes: [RedisEndpoint] = []

  package init(_ keys: RedisKeys) {
    self.keys = keys
    slot = ClusterFit(keys)?.slot
  }

  /// Why the keys cannot be used in a cluster, with what to do.
  var problem: String { ClusterFit.spread(keys) }

  /// What a fire can reach; nil: the server is not in cluster mode.
  package var fit: ClusterFit? { nodes.isEmpty ? nil : ClusterFit(keys) }

  /// The nodes to ask for the slot's, one after the other.
  ///
  /// - Parameter named: those of the URL.
  func places(named: [RedisEndpoint]) -> [RedisEndpoint] { nodes + named.filter { !nodes.contains($0) } }

  /// Takes in what a node has told. The node itself is asked last the next time: what it tells may be out of date.
  func learned(_ view: ClusterView, from node: RedisEndpoint) {
    let owner = view.node.isOwner ? node : view.nodes.owner
    let others = view.nodes.all.filter { $0 != owner && $0 != node }
    nodes = (owner.map { [$0] } ?? []) + others + (owner == node ? [] : [node])
  }
}

/// Belongs to its loop's thread.
@available(*, unavailable)
extension ClusterHome: Sendable {}
