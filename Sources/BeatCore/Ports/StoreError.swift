/// Why a command could not be carried out, in one line for the person who gave it. It never holds a password.
package struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What to do about it, for programs.
  package enum Kind: Sendable, Hashable {
    /// No server there, or no answer in time: nobody knows whether a command that was on its way has been carried out.
    case unreachable
    /// The name or the password is wrong or missing, or the user may not do this.
    case denied
    /// A replica takes no writes.
    case readOnly
    /// The server is starting, or its primary is away: the same command works a little later.
    case notReady
    /// What stands at a place of ours is of another type than ours.
    case wrongType
    /// The server cannot do this: too old, of another kind, out of memory.
    case unsuitable
    /// Any other error of the server.
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
