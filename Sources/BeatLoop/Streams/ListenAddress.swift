/// Where a server listens: `127.0.0.1:9808`, `[::1]:9808`, `localhost:9808`, `*:9808` or `unix:/run/beat.sock`.
package enum ListenAddress: Hashable, Sendable, CustomStringConvertible {
  /// A numeric address (IPv6 without brackets) and a port; port 0: the system chooses one.
  case address(String, port: UInt16)
  case path(String)

  /// The longest path that fits the system's `sockaddr_un`.
  private static let longestPath = 107

  package struct Problem: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
  }

  package init(_ text: String) throws(Problem) {
    if text.hasPrefix("unix:") {
      let path = String(text.dropFirst(5))
      guard path.hasPrefix("/"), !path.contains("\0"), path.utf8.count <= Self.longestPath else {
        throw Problem(
          description: "expected unix: and an absolute path of at most \(Self.longestPath) bytes, such as "
            + "unix:/run/beat-watch/http.sock")
      }
      self = .path(path)
      return
    }
    guard let colon = text.lastIndex(of: ":"), let port = Self.port(text[text.index(after: colon)...]) else {
      throw Problem(
        description: "expected an address and a port, such as 127.0.0.1:9808, [::1]:9808 or *:9808, or unix:/path")
    }
    var host = String(text[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = String(host.dropFirst().dropLast())
      guard host.contains(":") else { throw Self.noAddress }
    } else if host.contains(":") {
      throw Problem(description: "an IPv6 address is written in brackets: [\(host)]:\(port)")
    }
    switch host {
    case "localhost": host = "127.0.0.1"
    case "*": host = "::"
    default: break
    }
    guard HostLookup.address(host) != nil else { throw Self.noAddress }
    self = .address(host, port: port)
  }

  private static let noAddress = Problem(
    description: "expected a numeric address of this machine, localhost, or * for all; a name may change its address")

  private static func port(_ text: Substring) -> UInt16? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return UInt16(text)
  }

  /// Whether only processes of this machine can connect.
  package var isLocal: Bool {
    switch self {
    case .path: true
    case .address(let address, _): Self.isLoopback(address)
    }
  }

  /// Whether a numeric address is one of the machine's own loopback: 127.0.0.0/8 or ::1.
  package static func isLoopback(_ address: String) -> Bool { address.hasPrefix("127.") || address == "::1" }

  package var description: String {
    switch self {
    case .path(let path): "unix:\(path)"
    case .address("::", let port): "*:\(port)"
    case .address(let address, let port): address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
    }
  }
}
