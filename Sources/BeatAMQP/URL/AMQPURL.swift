import BeatLoop

/// The address of a RabbitMQ server and of a virtual host there, as Celery and kombu write it. Printing it never shows
/// the password.
///
/// - `amqp://[[user]:password@]host[:port][/vhost]`, also `pyamqp://…`; the defaults are the user and the password
///   `guest`, the host `localhost`, the port 5672, and the virtual host `/`
/// - `amqps://…`, the same by TLS, with the port 5671
/// - several of them with `;` between them; one after the first may be a host alone
///
/// The virtual host is what follows the first `/`: `/foo` is `foo`; `//`, `/%2F`, `/` and none are `/`; `//foo` is
/// `/foo`. User, password and virtual host may be percent-encoded, and must be where they hold `/ ? # % ;`.
///
/// These query options are understood: `heartbeat` (whole seconds; 0: none), `connect_timeout` (seconds),
/// `login_method` (`PLAIN`, or `EXTERNAL`: the client's certificate is the login), `ssl=true` (the same as `amqps`), and
/// for TLS `ssl_ca_certs`, `ssl_certfile` and `ssl_keyfile` (paths), `ssl_cert_reqs` (`required`, `optional` or `none`)
/// and `ssl_check_hostname` (`true` or `false`). Celery itself reads those of `ssl_` and then cannot connect with them:
/// an address that is shared with Celery has none, and the files are given in another way.
package struct AMQPURL: Hashable, Sendable {
  package enum Login: Hashable, Sendable {
    /// AMQP's `PLAIN`.
    case plain(user: String, password: String)
    /// The certificate that the client shows by TLS says who it is.
    case external
  }

  package let host: String
  package let port: UInt16
  package let virtualHost: AMQPShortString
  package let login: Login
  /// How the connection is secured by TLS; nil: without TLS.
  package var security: TLSSettings?
  /// Seconds; 0: none. nil: the URL does not say.
  package let heartbeat: UInt16?
  /// Microseconds; nil: the URL does not say.
  package let connectTimeout: Int64?
  /// The names of query options that mean nothing here, in their order.
  package let ignoredOptions: [String]

  /// The URL with `***` for the password. A user without a password is hidden too: users who forget the colon write
  /// their password there. Its query has only what tells two logins apart.
  package var redacted: String {
    let user =
      switch login {
      case .external, .plain("guest", "guest"): ""
      case .plain(_, "guest"): "***@"
      case .plain(let name, _): "\(URLText.encoded(name)):***@"
      }
    // In a URL the '%' before the zone of an address is written as %25.
    let address = host.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false).joined(separator: "%25")
    let path = virtualHost.text.split(separator: "/", omittingEmptySubsequences: false).map {
      URLText.encoded(String($0))
    }.joined(separator: "/")
    let query = login == .external ? "?login_method=EXTERNAL" : ""
    return
      "\(security == nil ? "amqp" : "amqps")://\(user)\(host.contains(":") ? "[\(address)]" : host):\(port)/\(path)\(query)"
  }
}

extension AMQPURL: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { redacted }
  package var debugDescription: String { redacted }
  /// Keeps the password out of `dump` as well.
  package var customMirror: Mirror { Mirror(self, children: ["url": redacted]) }
}

extension AMQPURL.Login: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String {
    switch self {
    case .plain: "PLAIN"
    case .external: "EXTERNAL"
    }
  }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: ["login": description]) }
}

/// Why a text is not the URL of a RabbitMQ server. It never holds a password.
package struct AMQPURLError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong and how to write it.
  package let description: String

  init(_ description: String) { self.description = description }

  /// Names the AMQP URL in what is wrong with a part of it.
  static func naming<Value>(_ read: () throws(URLFault) -> Value) throws(AMQPURLError) -> Value {
    do { return try read() } catch {
      throw AMQPURLError(
        error.text(
          URLWords(url: "the AMQP URL", address: "amqp://[::1]:5672//", secureScheme: "amqps://")))
    }
  }
}
