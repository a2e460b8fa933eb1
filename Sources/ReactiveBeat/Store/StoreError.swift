/// Why a command could not be carried out, in one line for the person who gave it. It never holds a password.
public struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What to do about it, for programs.
  public enum Kind: Sendable, Hashable {
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

  public let kind: Kind
  /// What happened, where, and what to do.
  public let message: String

  public var description: String { message }

  public init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message.split(whereSeparator: \.isNewline).joined(separator: " ")
  }

  init(_ error: RedisConnectionError) {
    self.init(error.serverCode.map { Self.kind(code: $0, message: "") } ?? .unreachable, error.message)
  }

  /// An answer of the server; `url` says which one.
  public init(_ error: RedisServerError, from url: RedisURL) {
    let kind = Self.kind(code: error.code, message: error.message)
    let advice =
      switch kind {
      case .denied: "this user may not do that; allow it with ACL SETUSER, or name another user in the URL"
      case .readOnly: "it is a replica, which takes no writes; name the primary, or the sentinels"
      case .notReady: "it is not ready; try again in a moment"
      case .wrongType: "a key there holds another Redis type than is needed; rename or delete it"
      case .unsuitable where error.code == "OOM": "its memory is full (maxmemory); nothing was changed"
      default: "it refused"
      }
    self.init(kind, "\(url): \(advice) (\(error.message))")
  }

  /// What a script fails with carries the error of its command inside its own, in ways that differ between versions.
  private static func kind(code: String, message: String) -> Kind {
    switch code {
    case "NOPERM", "NOAUTH", "WRONGPASS", "DENIED": .denied
    case "READONLY": .readOnly
    case "LOADING", "MASTERDOWN", "NOMASTERLINK", "BUSY", "TRYAGAIN", "CLUSTERDOWN": .notReady
    case "WRONGTYPE": .wrongType
    case "MOVED", "ASK", "CROSSSLOT", "OOM", "MISCONF", "NOREPLICAS": .unsuitable
    default:
      if message.contains("NOPERM") || message.contains("ACL failure") || message.contains("can't run this command") {
        .denied
      } else if message.contains("READONLY") {
        .readOnly
      } else if message.contains("WRONGTYPE") {
        .wrongType
      } else {
        .refused
      }
    }
  }
}
