import BeatCore

/// Finds out on a connection of its own whether the broker can be reached, and whether it takes messages.
///
/// The message goes to a queue that is not there: RabbitMQ checks the right to write, returns it, and keeps nothing.
final class AMQPRehearsal {
  /// How long the answer to the message may take; microseconds. A server that lacks memory does not answer: that is no
  /// fault of this daemon.
  private static let patience: Int64 = 2_000_000

  private let dialler: AMQPDialler
  private let publishes: Bool
  private let surroundings: any Surroundings
  private var finish: ((String?) -> Void)?
  private var connection: AMQPConnection?
  private var attempts = 1
  /// Called with the server's reason where it takes no messages at present.
  var blocked: ((String) -> Void)?
  private lazy var timer = surroundings.makeTimer { [unowned self] in end(nil) }

  /// - Parameter finish: called once with the obstacle, or nil if there is none; not called after `cancel`.
  init(
    _ dialler: AMQPDialler, publishes: Bool, in surroundings: any Surroundings, finish: @escaping (String?) -> Void
  ) {
    self.dialler = dialler.copy()
    self.publishes = publishes
    self.surroundings = surroundings
    self.finish = finish
    dial()
  }

  func cancel() {
    finish = nil
    timer.cancel()
    connection?.close()
    connection = nil
  }

  private func dial() {
    connection = dialler.dial(as: "beat-watch", in: surroundings) { [weak self] event in
      guard let self else { return }
      switch event {
      case .ready: if publishes { publish() } else { end(nil) }
      // A server that lacks memory takes no message from any daemon: that is no obstacle of this one.
      case .blocked(let reason):
        blocked?(reason)
        end(nil)
      case .unblocked: break
      case .lost(let loss): lost(loss)
      }
    }
  }

  private func lost(_ loss: AMQPLoss) {
    guard attempts < dialler.count else { return end(loss.reason) }
    attempts += 1
    dialler.failed()
    surroundings.soon { [weak self] in
      guard let self, finish != nil else { return }
      dial()
    }
  }

  private func publish() {
    let id = AMQPShortString(cutting: "beat-watch-rehearsal-\(UInt64.random(in: .min ... .max))")
    guard let channel = connection?.openChannel(closed: {}) else {
      return end(dialler.words.at("no channel could be opened"))
    }
    timer.schedule(after: Self.patience)
    let words = dialler.words
    channel.publish(AMQPMessage(rehearsing: id)) { [weak self] answer in
      switch answer {
      case .returned, .confirmed: self?.end(nil)
      case .rejected: self?.end(words.rejected(.queue(id.text)))
      case .channelClosed(let refusal, _): self?.end(words.channelClosed(.queue(id.text), refusal))
      case .connectionLost: break  // `.lost` follows
      }
    }
  }

  private func end(_ problem: String?) {
    let finish = finish
    cancel()
    finish?(problem)
  }
}
