/// Why a command could not be carried out, in one line for the user who ran it. The text never holds a password.
package struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kind of the failure, by which a program decides what to do.
  package enum Kind: Sendable, Hashable {
    /// No server was reached, or none answered in time. It is unknown whether the server carried out a command that had
    /// been sent.
    case unreachable
    /// The name or the password is wrong or missing, or the user may not do this.
    case denied
    /// A replica takes no writes.
    case readOnly
    /// The server is starting, or its primary is away. The same command may succeed a little later.
    case notReady
    /// One of the daemon's own places holds another type than the daemon's.
    case wrongType
    /// The server cannot do this: it is too old, of another kind, or out of memory.
    case unsuitable
    /// The server answered with any other error.
    case refused
  }

  package let kind: Kind
  /// What happened, where, and what to do.
  package let message: String

  package var description: String { message }

  package init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message.split(whereSeparator: \.isNewline).joined(separator: " ")
  }
}
