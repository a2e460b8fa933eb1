import BeatCore

extension StoreError {
  init(_ error: RedisConnectionError) {
    self.init(error.serverCode.map { Self.kind($0) } ?? .unreachable, error.message)
  }

  /// A server's error; `url` names the server.
  package init(_ error: RedisServerError, from url: RedisURL) {
    self.init(error, advice: error.advice, from: url)
  }

  /// - Parameter advice: what to do; nil: only the server's words are known.
  init(_ error: RedisServerError, advice: String?, from url: RedisURL) {
    let kind = Self.kind(error.cause)
    let advice =
      switch kind {
      case .notReady where advice == nil: "it is not ready; try again in a moment"
      default: advice ?? "it refused"
      }
    self.init(kind, "\(url): \(advice) (\(error.words))")
  }

  private static func kind(_ cause: String) -> Kind {
    switch cause {
    case "NOPERM", "NOAUTH", "WRONGPASS", "DENIED": .denied
    case "READONLY": .readOnly
    case "LOADING", "MASTERDOWN", "NOMASTERLINK", "BUSY", "TRYAGAIN", "CLUSTERDOWN", "MOVED", "ASK": .notReady
    case "WRONGTYPE": .wrongType
    case "CROSSSLOT", "OOM", "MISCONF", "NOREPLICAS": .unsuitable
    case RedisServerError.cluster, RedisServerError.noCommand: .unsuitable
    default: .refused
    }
  }
}
