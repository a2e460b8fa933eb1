/// What a node of a cluster says of itself, as far as one hash slot is concerned: its own line of `CLUSTER NODES`.
///
///     <id> <address> myself,master <primary> <ping> <pong> <epoch> <link> 0-5460 5798 [77->-<id>] [93-<-<id>]
struct ClusterNodeState: Hashable, Sendable {
  /// The node is a primary and has the slot.
  let isOwner: Bool
  /// The slot is being moved to another node, or from another to this one.
  let isMoving: Bool
  /// The number of the node's configuration. A slot that leaves the node and returns leaves it with another one.
  let epoch: UInt64

  /// nil: the text is no answer to `CLUSTER NODES`.
  init?(_ text: String, slot: HashSlot) {
    let lines = text.split(separator: "\n").map { $0.split(separator: " ") }
    guard let own = lines.first(where: { $0.count > 7 && $0[2].split(separator: ",").contains("myself") }),
      let epoch = UInt64(own[6])
    else { return nil }
    let parts = own[8...]
    self.epoch = epoch
    isOwner = own[2].split(separator: ",").contains("master") && parts.contains { Self.range($0, holds: slot.number) }
    isMoving = parts.contains { $0.hasPrefix("[\(slot.number)-") }
  }

  private static func range(_ text: Substring, holds slot: Int) -> Bool {
    let ends = text.split(separator: "-").map { Int($0) }
    guard let first = ends.first, let first, let last = ends.last, let last else { return false }
    return ends.count <= 2 && first <= slot && slot <= last
  }
}
