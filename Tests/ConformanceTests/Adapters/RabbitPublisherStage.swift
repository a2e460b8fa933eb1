import BeatAMQP
import BeatCore
import BeatLoop

extension PublisherAdapter {
  static let rabbit = PublisherAdapter("RabbitMQ") { try RabbitPublisherStage() }
}

/// A virtual host of a private RabbitMQ as the broker. The faults are those of the way there: the server itself is shared,
/// and its death is tried with the whole daemon.
final class RabbitPublisherStage: PublisherStage {
  private let server: RabbitServer
  private let virtualHost: String
  private let loop: EventLoop
  private var ways: [FaultyWay] = []

  init() throws {
    loop = try EventLoop()
    server = try RabbitServer.shared()
    virtualHost = try server.newVirtualHost()
    for queue in ["celery", "q", "r"] { try server.declare(queue, virtualHost: virtualHost) }
  }

  deinit {
    loop.serveEnds()
  }

  func publisher() throws -> any Publisher {
    let broker = try AMQPBroker(server.url(virtualHost: virtualHost))
    let port = server.port
    let dialler = AMQPDialler(broker) { [unowned self] _, handle in
      let way = FaultyWay(to: port, isOpen: isRunning, on: loop, handle)
      ways.append(way)
      return way
    }
    return AMQPPublisher(dialler, declaring: .none, in: loop)
  }

  func wait(_ microseconds: Int64, until isMet: () -> Bool) -> Bool {
    loop.serve(microseconds, until: isMet)
  }

  func messages(in queue: String) -> [[UInt8]] {
    let lines =
      (try? server.python(
        """
        while (m := ch.basic_get("\(queue)")):
          print(m.properties["correlation_id"], m.body if isinstance(m.body, str) else m.body.decode())
        """, virtualHost: virtualHost)) ?? ""
    return lines.split(separator: "\n").map { Array($0.utf8) }
  }

  /// RabbitMQ's form is binary: what tells messages apart is their id and their body.
  func form(of item: OutboxItem) -> [UInt8] {
    OutboxMessage(item.message).map { Array("\($0.correlationID) ".utf8) + $0.body } ?? []
  }

  /// A queue that is not there, since RabbitMQ's queues hold messages only.
  func spoil(queue: String) {}

  func bind(queue: String, to exchange: String, routingKey: String) {
    _ = try? server.python(
      """
      ch.exchange_declare("\(exchange)", "direct", durable=True, auto_delete=False)
      ch.queue_declare("\(queue)", durable=True, auto_delete=False)
      ch.queue_bind("\(queue)", "\(exchange)", "\(routingKey)")
      """, virtualHost: virtualHost)
  }

  func cut() {
    for way in ways { way.cut() }
    ways = []
  }

  func loseAnswers() { for way in ways { way.losesAnswers = true } }

  var isRunning = true { didSet { if !isRunning { cut() } } }
}

/// A stream to the server that loses what comes back, or ends, when a test wants it.
private final class FaultyWay: ByteTransport {
  var losesAnswers = false
  private var stream: ByteStream?
  private var handle: ((ByteStreamEvent) -> Void)?

  init(to port: UInt16, isOpen: Bool, on loop: EventLoop, _ handle: @escaping (ByteStreamEvent) -> Void) {
    self.handle = handle
    guard isOpen else {
      loop.soon { [self] in end(ByteStreamError(.refused, "nothing listens there")) }
      return
    }
    stream = ByteStream(
      to: "127.0.0.1", port: port, security: nil,
      words: TLSWords(
        authorities: "", certificate: "", key: "", uncheckedHost: nil, plainScheme: "", serverVersions: ""),
      patience: 20_000_000, on: loop
    ) { [unowned self] event in
      if case .received = event, losesAnswers { return }
      self.handle?(event)
    }
  }

  func write(_ bytes: [UInt8]) { stream?.write(bytes) }
  var unsent: Int { stream?.unsent ?? 0 }

  func close() {
    handle = nil
    stream?.close()
  }

  func cut() { end(ByteStreamError(.closedByPeer, "the test has cut the connection")) }

  private func end(_ error: ByteStreamError) {
    let handle = handle
    close()
    handle?(.closed(error))
  }
}
