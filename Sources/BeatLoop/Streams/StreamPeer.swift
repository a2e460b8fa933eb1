/// The other side of a connection that was accepted.
package enum StreamPeer: Hashable, Sendable, CustomStringConvertible {
  /// A numeric address, IPv6 without brackets; an IPv4 address that came by IPv6 is written as IPv4.
  case address(String)
  /// A process of this machine, by a Unix socket.
  case local

  package var description: String {
    switch self {
    case .address(let address): address
    case .local: "a local process"
    }
  }
}
