import BeatLoop

/// What a request's `Host` names, without the port.
package struct HTTPHost: Hashable, Sendable {
  /// In lower case; an IPv6 address without brackets, and a name without the dot at its end.
  package let name: String

  /// nil: it is malformed.
  package init?(_ text: String) {
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return nil }
      let rest = text[text.index(after: end)...]
      let address = String(text[text.index(after: text.startIndex)..<end])
      guard rest.isEmpty || Self.isPort(rest), address.contains(":") else { return nil }
      name = address.lowercased()
      return
    }
    let colon = text.firstIndex(of: ":") ?? text.endIndex
    let rest = text[colon...]
    guard rest.isEmpty || Self.isPort(rest) else { return nil }
    let name = text[..<colon].lowercased()
    guard !name.isEmpty, name != "." else { return nil }
    self.name = name.hasSuffix(".") ? String(name.dropLast()) : name
  }

  /// Whether no name server was asked on the way here: a numeric address, or localhost. A page of somebody else's name
  /// that leads to this machine (DNS rebinding) comes by that name.
  package var isDirect: Bool { name == "localhost" || HostLookup.address(name) != nil }

  private static func isPort(_ text: Substring) -> Bool {
    text.first == ":" && text.count <= 6 && text.dropFirst().utf8.allSatisfy(HTTPText.isDigit)
  }
}
