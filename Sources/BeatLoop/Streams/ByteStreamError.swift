import BeatCore
import Glibc

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

extension ByteStreamError {
  static func unresolved(_ host: String, _ reason: String) -> ByteStreamError {
    ByteStreamError(.unresolved, "the host name \(host) could not be resolved: \(reason)")
  }

  static func noLookup(_ host: String, after microseconds: Int64) -> ByteStreamError {
    unresolved(host, "there was no answer within \(seconds(microseconds)): is the name server up?")
  }

  static func noConnection(_ endpoint: String, after microseconds: Int64) -> ByteStreamError {
    ByteStreamError(
      .timedOut,
      "\(endpoint) did not accept a connection within \(seconds(microseconds)): is the address right, and does a "
        + "firewall let it through?")
  }

  static func noHandshake(_ endpoint: String, after microseconds: Int64, _ words: TLSWords) -> ByteStreamError {
    ByteStreamError(
      .timedOut,
      "\(endpoint) accepted the connection and did not answer the TLS handshake within \(seconds(microseconds)): is it "
        + "the plain port (\(words.plainScheme))?")
  }

  static func insecure(_ endpoint: String, _ failure: TLSFailure) -> ByteStreamError {
    ByteStreamError(.insecure, "no TLS connection to \(endpoint): \(failure.reason)")
  }

  /// A connection that was never established; `code` is the system's error number.
  static func connecting(_ endpoint: String, _ code: Int32) -> ByteStreamError {
    let text = "connection to \(endpoint) "
    return switch code {
    case ECONNREFUSED:
      ByteStreamError(.refused, text + "refused: does the server run there, and is the port right?")
    case ETIMEDOUT: ByteStreamError(.timedOut, text + "failed: \(EventLoopError.reason(code))")
    default: ByteStreamError(.unreachable, text + "failed: \(EventLoopError.reason(code))")
    }
  }

  static func ended(_ endpoint: String) -> ByteStreamError {
    ByteStreamError(.closedByPeer, "the server at \(endpoint) closed the connection")
  }

  /// The end of a connection that was established; `code` is the system's error number.
  static func broken(_ endpoint: String, _ code: Int32) -> ByteStreamError {
    // A write to a connection that the other side has closed already.
    if [0, EPIPE].contains(code) { return ended(endpoint) }
    return ByteStreamError(
      .closedByPeer, "the connection to \(endpoint) broke: \(String(cString: strerror(code)))")
  }

  private static func seconds(_ microseconds: Int64) -> String { "\(DaemonOption.seconds(microseconds)) s" }

  /// How much it tells about a server with several addresses: that one of them is no way there tells least.
  var weight: Int {
    switch kind {
    case .unresolved, .unreachable: 0
    case .refused, .timedOut, .closedByPeer: 1
    case .insecure: 2
    }
  }
}
