import BeatHTTP

/// Which names the page answers to. A page of somebody else's name that leads to this address (DNS rebinding) would
/// otherwise be, for the browser, the same place as this one.
struct HostRule: Sendable {
  /// The names that the operator has given, in lower case, without a port.
  let names: Set<String>

  /// Throws: a name is none. It is given without a scheme, and without a port.
  init(_ names: [String]) throws(CommandError) {
    for name in names {
      let isPlain = name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"/:?#@,[]".utf8.contains($0) }
      guard !name.isEmpty, isPlain else {
        throw CommandError(
          .usage, "--host: \(Cut.argument(name)) is no host name; it is written without a scheme and a port")
      }
    }
    self.names = Set(names.map { $0.lowercased() })
  }

  /// Whether a request's `Host` is one of this page's: an address, localhost, or a name that the operator has given.
  func allows(_ host: String) -> Bool {
    guard let host = HTTPHost(host) else { return false }
    return host.isDirect || names.contains(host.name)
  }
}
