import BeatCore

/// Finds out on a connection of its own whether the broker can be reached, and whether it takes messages.
///
/// The message goes to a queue that is not there: RabbitMQ checks the right to write, returns it, and keeps nothing.
final class AMQPRehearsal {
  enum Result {
    case passed
    /// The server takes no messages from anybody at present, for this reason.
    case blocked(String)
    /// The server did not say what became of the message.
    case silent
    case failed(String)

    /// What keeps this daemon from sending; nil: nothing does that another daemon would not meet.
    var obstacle: String? { if case .failed(let reason) = self { reason } else { nil } }
  }

  /// How long the answer to the message may take; microseconds. A server that is short of memory may not answer: that is no
  /// fault of this daemon.
  private static let patience: Int64 = 2_000_000

  private let dialler: AMQPDialler
  private let publishes: Bool
  private let surroundings: any Surroundings
  private var finish: ((Result) -> Void)?
  private var connection: AMQPConnection?
  private var losses: [String] = []
  private lazy var timer = surroundings.makeTimer { [unowned self] in end(.silent) }

  /// - Parameter finish: called once; not after `cancel`.
  init(
    _ dialler: AMQPDialler, publishes: Bool, in surroundings: any Surroundings, finish: @escaping (Result) -> Void
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
      case .ready: if publishes { publish() } else { end(.passed) }
      case .blocked(let reason): end(.blocked(reason))
      case .unblocked, .channelFreed: break
      case .lost(let loss): lost(loss)
      }
    }
  }

  private func lost(_ loss: AMQPLoss) {
    losses.append(loss.reason)
    guard losses.count < dialler.count else {
      return end(.failed(losses.count > 1 ? dialler.words.unreachable(losses) : loss.reason))
    }
    dialler.failed()
    surroundings.soon { [weak self] in
      guard let self, finish != nil else { return }
      dial()
    }
  }

  private func publish() {
    let id = AMQPShortString(cutting: "beat-watch-rehearsal-\(UInt64.random(in: .min ... .max))")
    guard let channel = connection?.openChannel(closed: {}) else {
      return end(.failed(dialler.words.at("no channel could be opened")))
    }
    timer.schedule(after: Self.patience)
    let words = dialler.words
    channel.publish(AMQPMessage(rehearsing: id)) { [weak self] answer in
      switch answer {
      case .returned, .confirmed: self?.end(.passed)
      case .rejected: self?.end(.failed(words.rejected(.queue(id.text))))
      case .channelClosed(let refusal, _): self?.end(.failed(words.channelClosed(.queue(id.text), refusal)))
      case .connectionLost: break  // `.lost` follows
      }
    }
  }

  private func end(_ result: Result) {
    let finish = finish
    cancel()
    finish?(result)
  }
}
