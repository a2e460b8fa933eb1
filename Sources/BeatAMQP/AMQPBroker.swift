import BeatCore
import BeatLoop

/// RabbitMQ as the broker: its servers, and how queues are declared there. Printing it never shows a password.
package struct AMQPBroker: Sendable, CustomStringConvertible {
  /// At least one.
  let servers: [AMQPURL]
  /// How the daemon declares a queue that is not there.
  package let declares: DeclarationRule

  /// The files for TLS that are given beside the URL, since Celery cannot connect by a URL that names them.
  package struct Files: Hashable, Sendable {
    /// The authorities to trust.
    package var authorities: String?
    package var certificate: String?
    package var key: String?

    package init(authorities: String? = nil, certificate: String? = nil, key: String? = nil) {
      (self.authorities, self.certificate, self.key) = (authorities, certificate, key)
    }

    package var isEmpty: Bool { self == Files() }
  }

  /// - Parameter text: URLs as Celery writes them, with `;` between them.
  ///
  /// Throws: what is wrong with the URLs.
  package init(_ text: String, declaring rule: DeclarationRule = .none, files: Files = Files()) throws {
    var servers = try AMQPURL.list(text)
    guard files.isEmpty || servers.contains(where: { $0.security != nil }) else {
      throw AMQPURLError("the broker's certificate files are of use with amqps:// only")
    }
    guard files.key == nil || files.certificate != nil else {
      throw AMQPURLError("--broker-key is the key of --broker-cert, which is not given")
    }
    for index in servers.indices {
      if let authorities = files.authorities { servers[index].security?.authorities = authorities }
      if let certificate = files.certificate { servers[index].security?.certificate = certificate }
      if let key = files.key { servers[index].security?.key = key }
    }
    guard !servers.contains(where: { $0.login == .external && $0.security?.certificate == nil }) else {
      throw AMQPURLError(
        "login_method=EXTERNAL in the AMQP URL is a login by the client's certificate, and none is given: --broker-cert FILE"
      )
    }
    (self.servers, declares) = (servers, rule)
  }

  /// Whether a text is the URL of RabbitMQ, right or wrong.
  package static func isMeant(by text: String) -> Bool {
    let text = URLText.trimmed(text).lowercased()
    return ["amqp:", "amqps:", "pyamqp:"].contains { text.hasPrefix($0) }
  }

  package var description: String { servers.map(\.description).joined(separator: ";") }

  /// The names of query options that mean nothing here.
  package var ignoredOptions: [String] { servers.flatMap(\.ignoredOptions) }

  /// What connects to the servers from a loop.
  package func dialler(on loop: EventLoop) -> AMQPDialler {
    AMQPDialler(self) { server, handle in
      ByteStream(
        to: server.host, port: server.port, security: server.security, words: .amqp,
        patience: server.connectTimeout ?? AMQPDialler.connectTimeout, on: loop, handle: handle)
    }
  }
}

extension TLSWords {
  fileprivate static let amqp = TLSWords(
    authorities: "--broker-ca", certificate: "--broker-cert", key: "--broker-key",
    uncheckedHost: "ssl_check_hostname=false in the URL", plainScheme: "amqp://",
    serverVersions: "rabbitmq.conf: ssl_options.versions")
}

extension AMQPURL {
  /// Who logs in; nil: the client's certificate says it.
  var user: String? { if case .plain(let user, _) = login { user } else { nil } }
}
