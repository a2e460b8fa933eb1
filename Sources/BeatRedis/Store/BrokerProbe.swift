import BeatCore
import BeatLoop

/// Checks once, on a connection of its own, whether the broker can be reached and takes messages.
final class BrokerProbe {
  private static let patience: Int64 = 5_000_000

  private let url: RedisURL
  private let loop: EventLoop
  private var finish: ((String?) -> Void)?
  private var dial: RedisDial?

  /// - Parameter finish: called once: with why the broker cannot be used, or nil if it can; not called after `cancel`.
  init(_ url: RedisURL, on loop: EventLoop, finish: @escaping (String?) -> Void) {
    self.url = url
    self.loop = loop
    self.finish = finish
  }

  func start() {
    let dial = RedisDial(
      url, as: "beat-watch-relay", on: loop, timeouts: RedisTimeouts(connect: Self.patience, reply: Self.patience))
    self.dial = dial
    dial.open { [weak self] connection in
      connection.send(RedisCommand("INFO")) { [weak self] reply in
        guard let self, let reply else { return }
        let info = ServerInfo(reply.text ?? "")
        end(info.isReplica ? "\(url) is a replica, which takes no messages: name the primary" : nil)
      }
    } closed: { [weak self] in
      self?.end($0.message)
    }
  }

  func cancel() {
    finish = nil
    dial?.cancel()
    dial = nil
  }

  private func end(_ reason: String?) {
    let finish = finish
    cancel()
    finish?(reason)
  }
}

/// Belongs to its loop's thread.
@available(*, unavailable)
extension BrokerProbe: Sendable {}
