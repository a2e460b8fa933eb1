import BeatLoop

/// Asks nodes of a cluster which of them has the documents' hash slot: one after the other, until one names it.
///
/// The answer can be out of date for a moment. The user of the result must ask the node that was named once more.
final class ClusterLookup {
  enum Outcome: Sendable {
    case found(RedisEndpoint)
    /// No node named the slot's.
    case failed(String)
    /// These servers are not in cluster mode.
    case noCluster(RedisEndpoint)
  }

  /// The most reasons that are told.
  private static let mostReasons = 6

  private let home: ClusterHome
  private let slot: HashSlot
  private let url: RedisURL
  private let loop: EventLoop
  private var completion: ((Outcome) -> Void)?
  private var dial: RedisDial?
  private var reasons: [String] = []

  /// Starts a lookup. `completion` runs once on the loop, unless `cancel()` comes first; the lookup lives until then.
  init(
    of slot: HashSlot, at home: ClusterHome, by url: RedisURL, _ nodes: [RedisEndpoint], on loop: EventLoop,
    completion: @escaping (Outcome) -> Void
  ) {
    self.home = home
    self.slot = slot
    self.url = url
    self.loop = loop
    self.completion = completion
    loop.soon { [self] in ask(nodes[...]) }
  }

  /// Ends the lookup without calling its completion.
  func cancel() {
    completion = nil
    dial?.cancel()
    dial = nil
  }

  private func ask(_ nodes: ArraySlice<RedisEndpoint>) {
    guard completion != nil else { return }
    guard let node = nodes.first else { return finish(.failed(failure)) }
    let patience = SentinelLookup.patience
    let dial = RedisDial(
      url.leading(to: node), as: "beat-watch", on: loop, timeouts: RedisTimeouts(connect: patience, reply: patience))
    self.dial = dial
    dial.open { [self] connection in
      ClusterView.ask(connection, about: slot) { answer in
        self.answered(answer, by: node)
        connection.close()
      }
    } closed: { [self] error in
      guard completion != nil else { return }
      // A connection that was closed locally has answered: `answered` has recorded why its answer was of no use.
      if error.kind != .closedLocally { reasons.append(error.message) }
      ask(nodes.dropFirst())
    }
  }

  private func answered(_ answer: ClusterView.Answer, by node: RedisEndpoint) {
    switch answer {
    case .view(let view):
      let owner = view.node.isOwner ? node : view.nodes.owner
      guard let owner else { return reasons.append("\(node) knows no node with \(slot)") }
      home.learned(view, from: node)
      finish(.found(owner))
    case .noCluster: finish(.noCluster(node))
    case .refused(let error): reasons.append("\(node) answers: \(error.text)")
    case .misfit: reasons.append("\(node) gives an answer to CLUSTER SLOTS that is none")
    }
  }

  private func finish(_ outcome: Outcome) {
    let completion = completion
    self.completion = nil
    completion?(outcome)
  }

  private var failure: String {
    // The nodes are asked in another order each time, and the same failure is reported once.
    var told = reasons.sorted().prefix(Self.mostReasons).joined(separator: "; ")
    if reasons.count > Self.mostReasons { told += "; and so on" }
    return "no node of the cluster names the one that has \(slot) (\(told))"
  }
}

/// Belongs to its loop's thread.
@available(*, unavailable)
extension ClusterLookup: Sendable {}
