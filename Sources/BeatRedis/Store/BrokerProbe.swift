import BeatCore
import BeatLoop

/// One look whether a broker could be reached, and takes messages; by a connection of its own.
final class BrokerProbe {
  private static let patience: Int64 = 5_000_000

  private let url: RedisURL
  private let loop: EventLoop
  private var finish: ((String?) -> Void)?
  private var lookup: SentinelLookup?
  private var connection: RedisConnection?

  /// - Parameter finish: called once: nil, or why the broker is of no use; not after `cancel`.
  init(_ url: RedisURL, on loop: EventLoop, finish: @escaping (String?) -> Void) {
    self.url = url
    self.loop = loop
    self.finish = finish
  }

  func start() {
    lookup = url.locate(on: loop) { [weak self] outcome in
      switch outcome {
      case .found(let endpoint): self?.connect(to: endpoint)
      case .failed(let reason): self?.end(reason)
      }
    }
  }

  func cancel() {
    finish = nil
    lookup?.cancel()
    lookup = nil
    connection?.close()
    connection = nil
  }

  private func end(_ reason: String?) {
    let finish = finish
    cancel()
    finish?(reason)
  }

  private func connect(to endpoint: RedisEndpoint) {
    let timeouts = RedisTimeouts(connect: Self.patience, reply: Self.patience)
    let connection = RedisConnection(to: endpoint, security: url.security, on: loop, timeouts: timeouts) {
      [weak self] error in self?.end(error.message)
    }
    self.connection = connection
    connection.handshake(url, clientName: "beat-watch-relay") { [weak self] error in
      // A refusal closes the connection, too.
      guard error == nil, self?.finish != nil else { return }
      connection.send(RedisCommand("INFO")) { [weak self] reply in
        guard let self, let reply else { return }
        let info = ServerInfo(reply.text ?? "")
        end(info.isReplica ? "\(url) is a replica, which takes no messages: name the primary" : nil)
      }
    }
  }
}

/// Belongs to its loop's thread.
@available(*, unavailable)
extension BrokerProbe: Sendable {}
