import BeatCore
import BeatLoop

/// Asks now and then, for a daemon that stands by, whether the broker could be reached if it had to lead: on two servers
/// nobody would notice before. The daemon that leads knows by its relay.
package final class BrokerProbe {
  /// Between two looks; microseconds.
  private static let interval: Int64 = 30_000_000
  private static let delay: Int64 = 2_000_000
  private static let patience: Int64 = 5_000_000

  private let url: RedisURL
  private let loop: EventLoop
  private let tell: (String?) -> Void
  private lazy var timer = LoopTimer(on: loop) { [unowned self] in look() }
  private var lookup: SentinelLookup?
  private var connection: RedisConnection?
  /// Grows with each look and each stop: what an answer belongs to.
  private var number = 0

  /// - Parameter tell: gets the outcome of each look: nil, or why the broker is of no use.
  package init(_ url: RedisURL, on loop: EventLoop, tell: @escaping (String?) -> Void) {
    self.url = url
    self.loop = loop
    self.tell = tell
  }

  /// Looks in a moment, and from then on once in a while. Not at once: who is about to lead will know by its relay.
  package func start() { timer.schedule(after: Self.delay) }

  package func stop() {
    timer.cancel()
    end()
  }

  private func end() {
    number += 1
    lookup?.cancel()
    lookup = nil
    connection?.close()
    connection = nil
  }

  private func finish(_ reason: String?) {
    end()
    timer.schedule(after: Self.interval)
    tell(reason)
  }

  private func look() {
    end()
    let number = number
    switch url.location {
    case .server(let endpoint): connect(to: endpoint)
    case .sentinels(let group):
      lookup = SentinelLookup(of: group, on: loop) { [weak self] outcome in
        guard let self, number == self.number else { return }
        lookup = nil
        switch outcome {
        case .found(let endpoint): connect(to: endpoint)
        case .failed(let reason): finish(reason)
        }
      }
    }
  }

  private func connect(to endpoint: RedisEndpoint) {
    let number = number
    let timeouts = RedisTimeouts(connect: Self.patience, reply: Self.patience)
    let connection = RedisConnection(to: endpoint, security: url.security, on: loop, timeouts: timeouts) {
      [weak self] error in
      guard let self, number == self.number else { return }
      finish(error.message)
    }
    self.connection = connection
    connection.handshake(url, clientName: "beat-watch-relay") { [weak self] error in
      // A refusal closes the connection, too.
      guard error == nil, let self, number == self.number else { return }
      connection.send(RedisCommand("INFO")) { [weak self] reply in
        guard let self, number == self.number, let reply else { return }
        let info = ServerInfo(reply.text ?? "")
        finish(info.isReplica ? "\(url) is a replica, which takes no messages: name the primary" : nil)
      }
    }
  }
}

/// Belongs to its loop's thread.
@available(*, unavailable)
extension BrokerProbe: Sendable {}
