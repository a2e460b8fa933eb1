import BeatCore

/// Why a command had no success, or why there is no client.
package struct MongoError: Error, Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    /// No answer: the server is away, frozen or unreachable, or speaks something else. Whether it has carried out the
    /// command is unknown. The client is not used again.
    case network
    /// The server's answer. `name` is its name of the code, "" where it sends none.
    case server(code: Int32, name: String)
    /// An answer that is no readable BSON.
    case reply
    /// The URL or the library is at fault, and no server was asked.
    case client
  }

  package let kind: Kind
  /// For people: printable, of bounded length, without a password.
  package let message: String

  /// The longest message, in bytes.
  static let longestMessage = 600

  package init(_ kind: Kind, _ message: String) {
    self.kind =
      switch kind {
      case .server(let code, let name): .server(code: code, name: name.beginning(64).printable)
      default: kind
      }
    self.message = message.beginning(Self.longestMessage).printable
  }
}

extension MongoError: CustomStringConvertible {
  package var description: String {
    switch kind {
    case .network, .reply, .client: message
    case .server(let code, ""): "\(message) (error \(code))"
    case .server(let code, let name): "\(message) (\(name), error \(code))"
    }
  }
}
