@testable import BeatCore
@testable import BeatHTTP
@testable import BeatLoop

/// A client of a connection on virtual time: what it sends, how fast it reads, and what it gets.
final class ModelClient: ServedTransport {
  private let surroundings: VirtualSurroundings
  private var hear: ((ByteStreamEvent) -> Void)?
  /// What was written and not yet taken.
  private var pending: [UInt8] = []
  /// Whether the client takes what is written at once.
  var reads = true
  private(set) var received: [UInt8] = []
  /// The server has said that nothing follows.
  private(set) var isEnded = false
  /// The server has closed the connection.
  private(set) var isClosed = false

  init(_ surroundings: VirtualSurroundings, _ hear: @escaping (ByteStreamEvent) -> Void) {
    self.surroundings = surroundings
    self.hear = hear
  }

  var text: String { String(decoding: received, as: UTF8.self) }

  // MARK: what the client does

  func send(_ text: String) {
    surroundings.turn(at: surroundings.now) { hear?(.received(Array(text.utf8))) }
  }

  func take(_ count: Int) {
    received += pending.prefix(count)
    pending.removeFirst(min(count, pending.count))
  }

  func hangUp() {
    surroundings.turn(at: surroundings.now) { hear?(.closed(ByteStreamError(.closedByPeer, "the client has gone"))) }
  }

  // MARK: the server's side

  func write(_ bytes: [UInt8]) {
    guard !isEnded, !isClosed else { return }
    if reads { received += bytes } else { pending += bytes }
  }

  var unsent: Int { pending.count }
  func finish() { isEnded = true }

  func close() {
    isClosed = true
    hear = nil
  }
}

/// A server's connections on virtual time.
final class HTTPStage {
  let surroundings = VirtualSurroundings(at: UnixTime(seconds: 1_800_000_000), offset: 0, seed: 1)
  var exchanges: [HTTPExchange] = []
  /// Answers at once; nil: the test answers.
  var answer: ((HTTPExchange) -> Void)? = { $0.respond(.text(.ok, "\($0.request.target.segments)")) }
  /// Refuses requests whose body is about to come.
  var refuse: (HTTPRequest) -> HTTPResponse? = { _ in nil }
  private(set) lazy var connections = HTTPConnections(
    limits, in: surroundings,
    HTTPService { [unowned self] head, _ in
      refuse(head)
    } handle: { [unowned self] exchange in
      exchanges.append(exchange)
      answer?(exchange)
    })
  let limits: HTTPLimits

  init(_ change: (inout HTTPLimits) -> Void = { _ in }) {
    var limits = HTTPLimits()
    limits.body = 1_000
    change(&limits)
    self.limits = limits
  }

  /// Connects; nil: the server has refused the connection.
  func connect() -> ModelClient? {
    var client: ModelClient?
    connections.take(.local) { [surroundings] in
      client = ModelClient(surroundings, $0)
      return client
    }
    return client
  }

  /// Lets time pass, with all timers.
  func pass(_ microseconds: Int64) {
    let end = surroundings.now.advanced(by: microseconds)
    while let wake = surroundings.nextWake, wake <= end {
      let at = max(wake, surroundings.now)
      surroundings.turn(at: at) { surroundings.due(at: at)?.goOff() }
    }
    surroundings.turn(at: end) {}
  }
}
