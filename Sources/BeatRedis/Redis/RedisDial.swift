import BeatLoop

/// The one way to a connection that is ready for commands.
///
///     find the server -> connect, TLS -> AUTH, SELECT, CLIENT SETNAME -> (in a cluster) has it the slot? -> `opened`
///           |   ^             |                      |                      | no, another         |       |
///           |   +-------------|----------------------|----------------------+                     |       |
///           +-----------------+----------------------+--------------------------------------------+-------+--> `closed`
///
/// Each step has a deadline: `SentinelLookup.patience` for a sentinel and for a node that only names another, `timeouts`
/// for the rest. It tries once; to reconnect, its owner makes another dial. It lives until it is closed or cancelled.
final class RedisDial {
  /// How many nodes of a cluster are tried, each named by the one before.
  private static let mostHops = 4

  private let url: RedisURL
  private let home: ClusterHome?
  private let clientName: String
  private let timeouts: RedisTimeouts
  private let loop: EventLoop

  private var lookup: SentinelLookup?
  private var clusterLookup: ClusterLookup?
  private var hops = 0
  /// The connection, from the moment when the server was found.
  private(set) var connection: RedisConnection?
  private var found: ((RedisEndpoint) -> Void)?
  private var opened: ((RedisConnection) -> Void)?
  /// nil: the dial has not begun, or has ended.
  private var closed: ((RedisConnectionError) -> Void)?

  /// - Parameter home: the keys that the connection is for; it then leads to their node, if the server is in cluster
  ///   mode. nil: it leads to the server that the URL names.
  init(
    _ url: RedisURL, at home: ClusterHome? = nil, as clientName: String, on loop: EventLoop,
    timeouts: RedisTimeouts = RedisTimeouts()
  ) {
    self.url = url
    // A cluster has no database but 0.
    self.home = url.database == 0 ? home : nil
    self.clientName = clientName
    self.timeouts = timeouts
    self.loop = loop
  }

  /// - Parameters:
  ///   - found: gets the server's address, before the dial connects to it. It may cancel the dial. Where the URL names
  ///     the server itself, it is called before `open` returns. In a cluster it may be called more than once: the last
  ///     address counts.
  ///   - opened: gets the connection when it is ready for commands.
  ///   - closed: gets the reason why there is no connection, or why it ended. The kind is `.unlocated` if no server was
  ///     found.
  func open(
    found: @escaping (RedisEndpoint) -> Void = { _ in }, opened: @escaping (RedisConnection) -> Void,
    closed: @escaping (RedisConnectionError) -> Void
  ) {
    (self.found, self.opened, self.closed) = (found, opened, closed)
    switch url.location {
    case .server(let endpoint):
      if let home, !home.nodes.isEmpty { search(home, [endpoint]) } else { connect(to: endpoint) }
    case .nodes(let endpoints):
      // A dial for no keys may end at any node.
      if let home { search(home, endpoints) } else if let first = endpoints.first { connect(to: first) }
    case .sentinels(let group):
      lookup = SentinelLookup(of: group, on: loop) { [self] outcome in
        lookup = nil
        switch outcome {
        case .found(let endpoint): connect(to: endpoint)
        case .failed(let reason): end(.unlocated(reason))
        }
      }
    }
  }

  /// Ends the dial and calls none of its callbacks. Cancelling again does nothing.
  func cancel() {
    (found, opened, closed) = (nil, nil, nil)
    lookup?.cancel()
    clusterLookup?.cancel()
    (lookup, clusterLookup) = (nil, nil)
    connection?.close()
  }

  private func connect(to endpoint: RedisEndpoint) {
    found?(endpoint)
    guard closed != nil else { return }
    hops += 1
    let hop = hops
    let connection = RedisConnection(to: endpoint, security: url.security, on: loop, timeouts: timeouts) { [self] in
      if hop == hops { end($0) }
    }
    if case .sentinels = url.location { connection.tlsWords = HiredisTLS.wordsOfSentinels }
    self.connection = connection
    connection.handshake(url, clientName: clientName) { [self] error in
      // A refusal closes the connection, which then reports it to `closed`.
      guard error == nil, hop == hops else { return }
      if let home { examine(connection, home) } else { open(connection) }
    }
  }

  private func open(_ connection: RedisConnection) {
    guard let opened else { return }
    self.opened = nil
    opened(connection)
  }

  // MARK: a cluster

  private func search(_ home: ClusterHome, _ named: [RedisEndpoint]) {
    guard let slot = home.slot else { return loop.soon { [self] in end(.spread(url, home)) } }
    clusterLookup = ClusterLookup(of: slot, at: home, by: url, home.places(named: named), on: loop) {
      [self] outcome in
      clusterLookup = nil
      switch outcome {
      case .found(let endpoint): connect(to: endpoint)
      case .failed(let reason): end(.unlocated(reason))
      case .noCluster(let endpoint):
        // A server may have left cluster mode since it was met, where the URL names it alone.
        if url.endpoint == endpoint { connect(to: endpoint) } else { end(.noCluster(url, endpoint)) }
      }
    }
  }

  /// Makes sure that the connection leads to the node that has the keys, if the server is in cluster mode.
  private func examine(_ connection: RedisConnection, _ home: ClusterHome) {
    connection.send(RedisCommand("INFO", "cluster")) { [self] reply in
      // nil: the connection has died, and `end` is called.
      guard let reply, closed != nil else { return }
      guard ServerInfo(reply.text ?? "").isCluster else { return open(connection) }
      guard let slot = home.slot else { return give(up: .spread(url, home)) }
      ClusterView.ask(connection, about: slot) { [self] answer in
        if closed != nil { judge(answer, of: connection, slot, home) }
      }
    }
  }

  private func judge(
    _ answer: ClusterView.Answer, of connection: RedisConnection, _ slot: HashSlot, _ home: ClusterHome
  ) {
    let endpoint = connection.endpoint
    switch answer {
    case .noCluster: open(connection)
    case .refused(let error): give(up: .refused(endpoint, "CLUSTER SLOTS or CLUSTER NODES", error))
    case .misfit: give(up: .breach(endpoint, .misfit("CLUSTER SLOTS and CLUSTER NODES")))
    case .view(let view):
      home.learned(view, from: endpoint)
      if view.node.isWhole { return open(connection) }
      if view.node.isOwner { return give(up: .moving(slot)) }
      guard let owner = view.nodes.owner, owner != endpoint, hops < Self.mostHops else {
        return give(up: .unlocated("the nodes of the cluster do not agree which of them has \(slot): see CLUSTER INFO"))
      }
      // Its end is not reported: `hops` has grown by then.
      connect(to: owner)
      connection.close()
    }
  }

  /// Ends the dial, and the connection with it.
  private func give(up error: RedisConnectionError) {
    end(error)
    connection?.close()
  }

  private func end(_ error: RedisConnectionError) {
    let closed = closed
    (found, opened, self.closed) = (nil, nil, nil)
    closed?(error)
  }
}

/// Belongs to its loop's thread.
@available(*, unavailable)
extension RedisDial: Sendable {}

extension RedisConnectionError {
  /// The keys are spread over a cluster's nodes.
  static func spread(_ url: RedisURL, _ home: ClusterHome) -> RedisConnectionError {
    RedisConnectionError(
      .serverRefused, "\(url) is in cluster mode, and \(home.problem)", serverCode: RedisServerError.cluster)
  }

  /// A URL with several nodes leads to a server that is none.
  static func noCluster(_ url: RedisURL, _ endpoint: RedisEndpoint) -> RedisConnectionError {
    RedisConnectionError(
      .serverRefused,
      "\(endpoint) is not in cluster mode: several servers in \(url) are nodes of one cluster, so name one server, or "
        + "sentinels (sentinel://…)", serverCode: RedisServerError.cluster)
  }

  /// The keys are being moved.
  static func moving(_ slot: HashSlot) -> RedisConnectionError {
    RedisConnectionError(
      .unlocated,
      "\(slot), which holds the schedules, is being moved to another node of the cluster, and nothing is fired until it "
        + "is there; if nobody moves it, the move was broken off: redis-cli --cluster fix HOST:PORT ends it",
      serverCode: RedisServerError.moving(slot).code)
  }
}
