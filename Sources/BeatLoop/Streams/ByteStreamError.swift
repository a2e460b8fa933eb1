/// Why a byte stream was not opened, or ended, in words for the operator. It never holds a password.
package struct ByteStreamError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What kind of failure it is, for a program that reacts to it.
  package enum Kind: Sendable, Hashable {
    /// The host name has no address, or the name server does not answer.
    case unresolved
    /// No way leads there, or the system does not allow the connection.
    case unreachable
    /// Nothing listens there.
    case refused
    /// TLS was not established: a certificate was not accepted, a local file is missing, or the port speaks no TLS.
    case insecure
    /// No connection within the time allowed.
    case timedOut
    /// The connection was established, and the other side or the network ended it.
    case closedByPeer
  }

  package let kind: Kind
  /// What happened, where, and what to do.
  package let message: String

  package var description: String { message }

  package init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }
}
