/// Where a Redis server listens.
package enum RedisEndpoint: Hashable, Sendable, CustomStringConvertible {
  /// A host name or address (IPv6 without brackets) and a port.
  case tcp(host: String, port: UInt16)
  /// The path of a socket in the file system.
  case unix(path: String)

  /// As users write it: `localhost:6379`, `[::1]:6379`, `/run/redis.sock`.
  package var description: String {
    switch self {
    case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .unix(let path): path
    }
  }
}

extension RedisEndpoint {
  /// Whether text is a host name or address as resolvers take it (RFC 1035: 255 octets). It may hold no character that
  /// could falsify a log line or the check of a certificate.
  static func isHost(_ text: String) -> Bool {
    (1...255).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
  }
}
