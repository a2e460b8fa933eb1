/// Makes sure that a walk through the keys has seen all of the documents' hash slot.
///
/// While a slot is being moved, its keys are on two nodes, and SCAN returns those of one. Every other command of ours
/// names its keys, so that a node which lacks one refuses it: ASK, TRYAGAIN or MOVED. So a walk counts only if its node
/// had the slot before the first step and after the last, was moving it neither time, and has the same configuration: a
/// slot that leaves and comes back changes that.
final class WholeSlot {
  private let slot: HashSlot
  private let connection: RedisConnection
  /// The node's configuration before the walk; nil: it had not the whole slot.
  private var epoch: UInt64?

  init(_ slot: HashSlot, on connection: RedisConnection) {
    self.slot = slot
    self.connection = connection
  }

  /// Call this before the first step of a walk is sent.
  func begin() {
    epoch = nil
    ask { [self] state in
      epoch = state.isWhole ? state.epoch : nil
    } failed: { _ in
    }
  }

  /// Call this when the last step was answered. The completion gets an error if the walk does not count. It is not
  /// called if the connection dies.
  func confirm(then completion: @escaping (RedisServerError?) -> Void) {
    ask { [self] state in
      completion(state.isWhole && state.epoch == epoch ? nil : .moving(slot))
    } failed: {
      completion($0)
    }
  }

  private func ask(
    then completion: @escaping (ClusterNodeState) -> Void, failed: @escaping (RedisServerError) -> Void
  ) {
    connection.send(RedisCommand("CLUSTER", "NODES")) { [slot] reply in
      guard let reply else { return }
      guard let state = ClusterNodeState(reply.text ?? "", slot: slot) else {
        return failed(reply.error ?? .moving(slot))
      }
      completion(state)
    }
  }
}

extension ClusterNodeState {
  /// All keys of the slot are here.
  var isWhole: Bool { isOwner && !isMoving }
}

extension RedisServerError {
  /// What a node answers that has only a part of the keys, for an answer that does not say so itself.
  static func moving(_ slot: HashSlot) -> RedisServerError {
    RedisServerError("TRYAGAIN \(slot) is being moved to another node")
  }
}
