extension BeatConfiguration {
  /// What the metrics say of this program and its servers.
  var build: DaemonMetrics.Build {
    DaemonMetrics.Build(version: BeatDaemon.version, store: store.kind, broker: broker.kind)
  }
}

extension StoreAddress {
  /// One word for the kind of server.
  fileprivate var kind: String {
    switch self {
    case .redis: "redis"
    case .mongo: "mongodb"
    }
  }
}

extension BrokerAddress {
  /// One word for the kind of server.
  fileprivate var kind: String {
    switch self {
    case .redis: "redis"
    case .rabbit: "rabbitmq"
    }
  }
}
