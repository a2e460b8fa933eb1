import BeatLoop

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
    guard let name = Self.name(of: host) else { return false }
    return name == "localhost" || HostLookup.address(name) != nil || names.contains(name)
  }

  /// The name or the address in `name:port`, in lower case; nil: it is malformed.
  private static func name(of host: String) -> String? {
    if host.hasPrefix("[") {
      guard let end = host.firstIndex(of: "]") else { return nil }
      let rest = host[host.index(after: end)...]
      guard rest.isEmpty || isPort(rest) else { return nil }
      let address = String(host[host.index(after: host.startIndex)..<end])
      return address.contains(":") ? address.lowercased() : nil
    }
    let colon = host.firstIndex(of: ":") ?? host.endIndex
    let rest = host[colon...]
    guard rest.isEmpty || isPort(rest) else { return nil }
    let name = host[..<colon].lowercased()
    return name.isEmpty ? nil : name.hasSuffix(".") ? String(name.dropLast()) : name
  }

  private static func isPort(_ text: Substring) -> Bool {
    text.first == ":" && text.count <= 6 && text.dropFirst().utf8.allSatisfy { (0x30...0x39).contains($0) }
  }
}
