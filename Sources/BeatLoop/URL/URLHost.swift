/// `host[:port]` or `[address][:port]`.
package struct URLHost {
  /// Empty: the URL names none.
  package let name: String
  /// nil: the URL names none.
  package let port: UInt16?

  package init(_ server: Substring) throws(URLFault) {
    var host = server
    var portText: Substring = ""
    if server.hasPrefix("[") {
      guard let end = server.firstIndex(of: "]") else { throw .openBracket }
      host = server[server.index(after: server.startIndex)..<end]
      let tail = server[server.index(after: end)...]
      guard tail.isEmpty || tail.hasPrefix(":") else { throw .afterBracket }
      portText = tail.dropFirst()
      guard host.contains(":"),
        host.utf8.allSatisfy({ URLText.isPlain($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "%") })
      else { throw .noAddress }
    } else {
      if let colon = server.firstIndex(of: ":") {
        host = server[..<colon]
        portText = server[server.index(after: colon)...]
        guard !portText.contains(":") else { throw .severalColons }
      }
      guard host.utf8.allSatisfy(URLText.isPlain) else { throw .hostCharacter }
    }
    name = String(host)
    port = portText.isEmpty ? nil : try Self.port(portText)
  }

  private static func port(_ text: Substring) throws(URLFault) -> UInt16 {
    guard text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = UInt16(text), number > 0 else {
      throw .port
    }
    return number
  }
}
