import BeatLoop
internal import CHiredisAsync
import Glibc

/// Why a connection ended, in words for the operator of the daemon. It never holds a password.
package struct RedisConnectionError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What kind of failure it is, for a program that reacts to it.
  package enum Kind: Sendable, Hashable {
    /// No sentinel names the server.
    case unlocated
    /// The host name has no address, or the name server does not answer.
    case unresolved
    /// Nothing listens there, or the system does not allow the connection.
    case refused
    /// TLS was not established: a certificate was not accepted, a local file is missing, or the port speaks no TLS.
    case insecure
    /// No connection, or no reply, within the time allowed.
    case timedOut
    /// The connection was established, and the other side or the network ended it.
    case closedByServer
    /// The server answered with an error that makes the connection useless; see `serverCode`.
    case serverRefused
    /// The bytes received are not Redis' protocol, or exceed this program's limits.
    case protocolBreach
    /// This process closed it, by `close()`.
    case closedLocally
  }

  package let kind: Kind
  /// The code of the server's error, such as `NOAUTH`, `WRONGPASS`, `NOPERM` or `LOADING`, or nil.
  package let serverCode: String?
  /// What happened, where, and what to do.
  package let message: String

  package var description: String { message }

  init(_ kind: Kind, _ message: String, serverCode: String? = nil) {
    self.kind = kind
    self.serverCode = serverCode
    self.message = message
  }
}

extension RedisConnectionError {
  static func closedLocally(_ endpoint: RedisEndpoint) -> RedisConnectionError {
    RedisConnectionError(.closedLocally, "the connection to \(endpoint) was closed")
  }

  /// What each sentinel answered.
  static func unlocated(_ reason: String) -> RedisConnectionError { RedisConnectionError(.unlocated, reason) }

  static func unresolved(_ host: String, _ reason: String) -> RedisConnectionError {
    RedisConnectionError(.unresolved, "the host name \(host) of the Redis server could not be resolved: \(reason)")
  }

  static func noConnection(_ endpoint: RedisEndpoint, after microseconds: Int64) -> RedisConnectionError {
    RedisConnectionError(
      .timedOut,
      "\(endpoint) did not accept a connection within \(seconds(microseconds)): is the address right, and does a "
        + "firewall let it through?")
  }

  static func noHandshake(_ endpoint: RedisEndpoint, after microseconds: Int64) -> RedisConnectionError {
    RedisConnectionError(
      .timedOut,
      "\(endpoint) accepted the connection and did not answer the TLS handshake within \(seconds(microseconds)): is it "
        + "the plain port (redis://)?")
  }

  static func insecure(_ endpoint: RedisEndpoint, _ failure: TLSFailure) -> RedisConnectionError {
    RedisConnectionError(.insecure, "no TLS connection to \(endpoint): \(failure.reason)")
  }

  static func noReply(_ endpoint: RedisEndpoint, for microseconds: Int64) -> RedisConnectionError {
    RedisConnectionError(
      .timedOut,
      "the Redis server at \(endpoint) has not answered for \(seconds(microseconds)): it is stopped, overloaded, or "
        + "cut off")
  }

  /// A reply that comes too slowly to be waited for.
  static func endlessReply(_ endpoint: RedisEndpoint, after microseconds: Int64) -> RedisConnectionError {
    RedisConnectionError(
      .timedOut,
      "the Redis server at \(endpoint) has been sending one reply for \(seconds(microseconds)) and has not come to its end: "
        + "is it overloaded, or the network too slow?")
  }

  /// A connection that was never established; `reason` is the system's text.
  static func connecting(_ endpoint: RedisEndpoint, _ reason: String) -> RedisConnectionError {
    let text = "connection to \(endpoint) "
    switch (endpoint, reason) {
    case (_, system(ECONNREFUSED)):
      return RedisConnectionError(.refused, text + "refused: is redis-server running there?")
    case (.unix(let path), system(ENOENT)):
      return RedisConnectionError(
        .refused, text + "failed, there is no such socket: is redis-server running, with `unixsocket \(path)`?")
    case (.unix, system(EACCES)):
      return RedisConnectionError(
        .refused, text + "failed, permission denied: may this user use the socket (`unixsocketperm`)?")
    case (_, system(EMFILE)):
      return RedisConnectionError(.refused, text + "failed: \(EventLoopError.reason(EMFILE))")
    case (_, system(ETIMEDOUT)):
      return RedisConnectionError(.timedOut, text + "failed: \(reason)")
    default:
      return RedisConnectionError(.refused, text + "failed: \(reason)")
    }
  }

  /// The end of a connection on which nothing was ever answered, and which was not by TLS.
  static func hungUp(_ endpoint: RedisEndpoint, code: Int32, reason: String) -> RedisConnectionError {
    let error = broken(endpoint, code: code, reason: reason)
    guard case .tcp = endpoint, error.kind == .closedByServer else { return error }
    return RedisConnectionError(
      .closedByServer, error.message + " before its first answer: is it a TLS port (rediss://)?")
  }

  /// The end of a connection that was established; `code` and `reason` are hiredis' `err` and `errstr`.
  static func broken(_ endpoint: RedisEndpoint, code: Int32, reason: String) -> RedisConnectionError {
    switch code {
    case REDIS_ERR_EOF:
      return RedisConnectionError(.closedByServer, "the Redis server at \(endpoint) closed the connection")
    case REDIS_ERR_IO, REDIS_ERR_TIMEOUT:
      return RedisConnectionError(.closedByServer, "the connection to \(endpoint) broke: \(reason)")
    case REDIS_ERR_PROTOCOL where reason.contains(#""\x15""#):
      // The first byte of an alert of TLS.
      return RedisConnectionError(
        .protocolBreach, "what answers at \(endpoint) speaks TLS: write rediss:// in the URL, or take the plain port")
    case REDIS_ERR_PROTOCOL:
      return RedisConnectionError(
        .protocolBreach, "what answers at \(endpoint) does not speak Redis' protocol (\(reason)): is the port right?")
    case REDIS_ERR_OOM:
      return RedisConnectionError(.protocolBreach, "a reply from \(endpoint) was too large for the memory")
    default:
      // An error that the server sent unasked, such as "max number of clients reached", or in reply to a
      // subscription: hiredis then ends the connection with the server's words.
      return refused(endpoint, "the request", RedisServerError(reason))
    }
  }

  /// The server refused something without which the connection is of no use.
  static func refused(_ endpoint: RedisEndpoint, _ what: String, _ error: RedisServerError) -> RedisConnectionError {
    RedisConnectionError(
      .serverRefused, "the Redis server at \(endpoint) refused \(what): \(error.text)", serverCode: error.cause)
  }

  /// SELECT was refused. Where a server has no such command, database 0 needs none.
  static func noDatabase(
    _ endpoint: RedisEndpoint, _ database: Int, _ error: RedisServerError
  ) -> RedisConnectionError {
    guard error.isUnknownCommand else { return refused(endpoint, "database \(database)", error) }
    return RedisConnectionError(
      .serverRefused,
      "the server at \(endpoint) has no SELECT, and so no database \(database): give database 0 in the URL",
      serverCode: RedisServerError.noDatabase)
  }

  /// The error by which a server turns a new client away before it has read anything. It arrives as the reply to the
  /// first command, whichever that is. Nil when `error` is something else.
  static func turnedAway(_ endpoint: RedisEndpoint, _ error: RedisServerError) -> RedisConnectionError? {
    if error.code == "DENIED" {
      return RedisConnectionError(
        .serverRefused,
        "the Redis server at \(endpoint) is in protected mode and serves its own machine only: set a password there, "
          + "or `protected-mode no`", serverCode: error.code)
    }
    guard ["NOAUTH", "LOADING"].contains(error.code) || error.message.hasPrefix("ERR max number of clients") else {
      return nil
    }
    return refused(endpoint, "the connection", error)
  }

  /// AUTH was refused. The server's own words are not passed on: servers that do not know the command repeat its
  /// arguments, and the password is one.
  static func authentication(_ endpoint: RedisEndpoint, _ error: RedisServerError) -> RedisConnectionError {
    let why =
      if error.code == "WRONGPASS" {
        RedisServerError.advice("WRONGPASS") ?? error.code
      } else if error.message.hasPrefix("ERR AUTH <password> called without")
        || error.message.hasPrefix("ERR Client sent AUTH")
      {
        "it has no password set for the default user: take the password out of the URL, or give the user's name"
      } else if error.message.hasPrefix("ERR wrong number of arguments") {
        "it is older than Redis 6 and knows no user names: take the name out of the URL"
      } else {
        "it answered with an error of the code \(error.code)"
      }
    return RedisConnectionError(
      .serverRefused, "the Redis server at \(endpoint) refused to log in: \(why)", serverCode: error.code)
  }

  private static func seconds(_ microseconds: Int64) -> String {
    microseconds % 1_000_000 == 0 ? "\(microseconds / 1_000_000) s" : "\(microseconds / 1000) ms"
  }
}

/// The system's text for an error number, which is all that hiredis keeps of it.
private func system(_ code: Int32) -> String { String(cString: strerror(code)) }

private func ~= (pattern: String, value: String) -> Bool { pattern == value }
