/// Why a command could not be carried out, in one line for the person who gave it. It never holds a password.
package struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What to do about it, for programs.
  package enum Kind: Sendable, Hashable {
    /// No server there, or no answer in time: nobody knows whether a command that was on its way has been carried out.
    case unreachable
    /// The name or the password is wrong or missing, or the user may not do this.
    case denied
    /// A replica takes no writes.
    case readOnly
    /// The server is starting, or its primary is away: the same command works a little later.
    case notReady
    /// A key holds another Redis type.
    case wrongType
    /// The server cannot do this: too old, cluster mode, out of memory.
    case unsuitable
    /// Any other error of the server.
    case refused
  }

  package let kind: Kind
  /// What happened, where, and what to do.
  package let message: String

  package var description: String { message }

  package init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message.split(whereSeparator: \.isNewline).joined(separator: " ")
  }

  init(_ error: RedisConnectionError) {
    self.init(error.serverCode.map { Self.kind($0) } ?? .unreachable, error.message)
  }

  /// An answer of the server; `url` says which one.
  package init(_ error: RedisServerError, from url: RedisURL) {
    let kind = Self.kind(error.cause)
    let advice =
      switch kind {
      case .notReady where error.advice == nil: "it is not ready; try again in a moment"
      default: error.advice ?? "it refused"
      }
    self.init(kind, "\(url): \(advice) (\(error.words))")
  }

  private static func kind(_ cause: String) -> Kind {
    switch cause {
    case "NOPERM", "NOAUTH", "WRONGPASS", "DENIED": .denied
    case "READONLY": .readOnly
    case "LOADING", "MASTERDOWN", "NOMASTERLINK", "BUSY", "TRYAGAIN", "CLUSTERDOWN": .notReady
    case "WRONGTYPE": .wrongType
    case "MOVED", "ASK", "CROSSSLOT", "OOM", "MISCONF", "NOREPLICAS": .unsuitable
    case RedisServerError.cluster, RedisServerError.noCommand: .unsuitable
    default: .refused
    }
  }
}
