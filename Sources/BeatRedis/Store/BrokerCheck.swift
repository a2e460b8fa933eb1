import BeatCore
import BeatLoop

/// Finds out whether the broker is the store's server.
///
/// A fire is one atomic step of one server. If the broker is another server, or that cannot be found out, messages go
/// through the outbox, which is right in both cases.
final class BrokerCheck {
  enum Outcome {
    case delivery(Delivery)
    /// The delivery, with a notice for the operator.
    case doubtful(Delivery, StoreNotice)
    case misconfigured(String)
  }

  private let settings: StoreSettings
  private let keys: RedisKeys
  private let home: ClusterHome?
  /// The nodes of the store's cluster.
  private let storeNodes: [RedisEndpoint]
  private let clientName: String
  private let store: ServerInfo
  private let endpoint: RedisEndpoint
  private let loop: EventLoop
  private var dial: RedisDial?
  private var completion: ((Outcome) -> Void)?

  /// - Parameters:
  ///   - home: where the store's cluster has its keys; nil: the store is not in cluster mode.
  ///   - store: the store's answer to INFO.
  ///   - endpoint: the address of the store's connection.
  init(
    _ settings: StoreSettings, keys: RedisKeys, at home: ClusterHome?, as clientName: String, store: ServerInfo,
    at endpoint: RedisEndpoint, on loop: EventLoop
  ) {
    self.settings = settings
    self.keys = keys
    // What is learned of the broker's nodes is not for the store, which may be another cluster.
    self.home = home.map { _ in ClusterHome(keys) }
    storeNodes = home?.nodes ?? []
    self.clientName = clientName
    self.store = store
    self.endpoint = endpoint
    self.loop = loop
  }

  /// - Parameters:
  ///   - found: gets the broker's address if the broker is another one by its URL.
  ///   - completion: called once, perhaps before this returns; not after `cancel`.
  func start(found: @escaping (RedisEndpoint) -> Void, then completion: @escaping (Outcome) -> Void) {
    guard let url = settings.broker.url else { return completion(.delivery(.outbox)) }
    guard url.location != settings.store.location else { return completion(.delivery(.direct)) }
    // It may be a node that is away now, of the store's own cluster.
    if home != nil, let endpoint = url.endpoint, (storeNodes + settings.store.named).contains(endpoint) {
      return completion(misfit(.direct, url) ?? .delivery(.direct))
    }
    self.completion = completion
    // The timeouts are short, since nothing fires until the broker answers.
    let timeouts = RedisTimeouts(connect: 1_000_000, reply: 1_000_000)
    let dial = RedisDial(url, at: home, as: clientName, on: loop, timeouts: timeouts)
    self.dial = dial
    dial.open { [weak self] endpoint in
      found(endpoint)
      if let self, endpoint == self.endpoint { end(.delivery(.direct)) }
    } opened: { [weak self] connection in
      connection.send(RedisCommand("INFO", "server")) { reply in
        if let self, let reply { self.end(self.compare(with: ServerInfo(reply.text ?? ""), at: url)) }
      }
    } closed: { [weak self] error in
      // The relay finds and reports every other reason.
      self?.end(
        error.serverCode == RedisServerError.cluster ? .misconfigured(error.message) : .delivery(.outbox))
    }
  }

  func cancel() {
    completion = nil
    dial?.cancel()
    dial = nil
  }

  private func end(_ outcome: Outcome) {
    let completion = completion
    cancel()
    completion?(outcome)
  }

  private func compare(with broker: ServerInfo, at url: RedisURL) -> Outcome {
    let delivery: Delivery = store.runID != nil && store.runID == broker.runID ? .direct : .outbox
    if broker.isCluster, let misfit = misfit(delivery, url) { return misfit }
    guard broker.runID == nil || store.runID == nil else { return .delivery(delivery) }
    return .doubtful(
      delivery,
      .brokerUnknown(
        "INFO is not allowed, so that it is not known whether the store \(settings.store) and the broker "
          + "\(url) are one Redis server; they are taken for two. Where they are one, allow it "
          + "(+info), or give both URLs the same address"))
  }

  /// Why a broker in cluster mode cannot be used; nil: it can.
  private func misfit(_ delivery: Delivery, _ url: RedisURL) -> Outcome? {
    clusterProblem(delivery, url).map {
      .misconfigured("\(url) is in cluster mode, and \($0): \(ClusterFit.advice)")
    }
  }

  private func clusterProblem(_ delivery: Delivery, _ url: RedisURL) -> String? {
    // Through the outbox, a script writes a message and a record of its task's id to the broker, in different slots.
    guard delivery == .direct else { return "messages of another server cannot be carried there" }
    return ClusterFit.problem(
      keys, database: settings.store.database, brokerDatabase: url.database,
      queue: settings.broker.defaultList)
  }
}
