import BeatCore
import BeatLoop

/// Connects to one of several servers: to the same one as long as it serves, else to the next (kombu's `round-robin`).
package final class AMQPDialler {
  /// Opens a stream of bytes to a server.
  package typealias Open = (AMQPURL, @escaping (ByteStreamEvent) -> Void) -> any ByteTransport

  /// From one heartbeat to the next where the URL does not say; seconds. A connection that has died in silence is noticed
  /// after two of them, and no message is delivered meanwhile.
  private static let heartbeat: UInt16 = 10
  /// How long a connection may take where the URL does not say, and then its login; microseconds.
  static let connectTimeout: Int64 = 5_000_000

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

  /// The servers on other machines that are spoken to without TLS: others can read what is said to them.
  var plainRemotes: [String] {
    broker.servers.filter { server in
      let isHere = ["localhost", "::1"].contains(server.host) || server.host.hasPrefix("127.")
      return server.security == nil && !isHere
    }.map(\.host)
  }

  /// Takes the next server for the next time.
  func failed() { index = (index + 1) % count }

  /// - Parameters:
  ///   - name: of the client, for the server's operator.
  ///   - hasHeartbeat: false: for a client whose loop stands still between two questions.
  func dial(
    as name: String, hasHeartbeat: Bool = true, in surroundings: any Surroundings,
    handle: @escaping (AMQPConnection.Event) -> Void
  ) -> AMQPConnection {
    let server = server
    let login = AMQPLogin(
      server.login, virtualHost: server.virtualHost, heartbeat: hasHeartbeat ? server.heartbeat ?? Self.heartbeat : 0,
      name: "\(name)@\(HostName.current)")
    let connection = AMQPConnection(
      login, words: AMQPLoginWords(server), patience: server.connectTimeout ?? Self.connectTimeout, in: surroundings,
      handle: handle)
    connection.connect { [open] in open(server, $0) }
    return connection
  }
}
