import BeatCore
import BeatLoop

/// Connects to one of several servers: to the same one as long as it serves, else to the next (kombu's `round-robin`).
package final class AMQPDialler {
  /// Opens a stream of bytes to a server.
  package typealias Open = (AMQPURL, @escaping (ByteStreamEvent) -> Void) -> any ByteTransport

  /// From one heartbeat to the next where the URL does not say; seconds. A connection that has died in silence is noticed
  /// after two of them, and no message is delivered meanwhile.
  private static let heartbeat: UInt16 = 10
  /// How long a connection and its login may take where the URL does not say; microseconds.
  private static let connectTimeout: Int64 = 5_000_000

  private let broker: AMQPBroker
  private let open: Open
  private var index = 0

  package init(_ broker: AMQPBroker, open: @escaping Open) {
    self.broker = broker
    self.open = open
  }

  /// A dialler of its own, which begins with the same server.
  func copy() -> AMQPDialler {
    let copy = AMQPDialler(broker, open: open)
    copy.index = index
    return copy
  }

  /// The number of servers.
  var count: Int { broker.servers.count }
  private var server: AMQPURL { broker.servers[index] }

  /// The sentences about the present server.
  var words: AMQPWords {
    AMQPWords(server: "\(server)", virtualHost: server.virtualHost.text, user: server.user)
  }

  /// The present server's address, where others can read what is said to it: it is another machine, spoken to without TLS.
  var plainRemote: String? {
    let isHere = ["localhost", "::1"].contains(server.host) || server.host.hasPrefix("127.")
    return server.security == nil && !isHere ? server.host : nil
  }

  /// Takes the next server for the next time.
  func failed() { index = (index + 1) % count }

  /// - Parameter name: of the client, for the server's operator.
  func dial(
    as name: String, in surroundings: any Surroundings, handle: @escaping (AMQPConnection.Event) -> Void
  ) -> AMQPConnection {
    let server = server
    let login = AMQPLogin(
      server.login, virtualHost: server.virtualHost, heartbeat: server.heartbeat ?? Self.heartbeat,
      name: "\(name)@\(HostName.current)")
    let connection = AMQPConnection(
      login, words: AMQPLoginWords(server), patience: server.connectTimeout ?? Self.connectTimeout, in: surroundings,
      handle: handle)
    connection.connect { [open] in open(server, $0) }
    return connection
  }
}
