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
