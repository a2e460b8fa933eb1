import BeatLoop

/// A proxy in front of the page, which knows who a user is and says so in a header field. The field counts only from the
/// proxy's own address: anybody else could write it, too.
struct ProxyLogin: Sendable {
  enum Proxy: Hashable, Sendable {
    case address(String)
    /// Whatever may connect to the Unix socket.
    case socket
  }

  let proxy: Proxy
  /// The field's name, in lower case.
  let field: String
  /// The users who may edit. The others may look.
  let editors: Set<String>
  let isEveryoneEditor: Bool

  /// Throws: the address is none, or the field's name is none.
  ///
  /// - Parameters:
  ///   - proxy: a numeric address, or `unix`.
  ///   - editors: names with commas between them; `*`: everyone.
  init(proxy: String, field: String, editors: String) throws(CommandError) {
    if proxy == "unix" {
      self.proxy = .socket
    } else {
      guard HostLookup.address(proxy) != nil else {
        throw CommandError(
          .usage, "--trusted-proxy: expected the numeric address of the proxy, or unix for the Unix socket")
      }
      self.proxy = .address(proxy)
    }
    let isName = field.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
        true
      default: false
      }
    }
    guard isName, !field.isEmpty else {
      throw CommandError(.usage, "--user-header: expected the name of a header field, such as X-Remote-User")
    }
    self.field = field.lowercased()
    let names = editors.split(separator: ",").map { $0.filter { $0 != " " } }
    isEveryoneEditor = names.contains("*")
    self.editors = Set(names)
  }

  func isFrom(_ peer: StreamPeer) -> Bool {
    switch (proxy, peer) {
    case (.address(let address), .address(let other)): address == other
    case (.socket, .local): true
    default: false
    }
  }

  /// - Parameter value: the field's only value.
  func user(_ value: String) -> WebUser? {
    guard AccessToken.problem(withUser: value) == nil else { return nil }
    return WebUser(name: value, role: isEveryoneEditor || editors.contains(value) ? .editor : .viewer)
  }
}
