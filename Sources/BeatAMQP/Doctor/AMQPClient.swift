import BeatCore
import BeatLoop

/// A connection for the shell's commands: each call waits for its answer.
final class AMQPClient {
  /// How long an answer may take; microseconds. A blocked server answers nothing on a connection that has published.
  private static let patience: Int64 = 10_000_000

  private let dialler: AMQPDialler
  private let loop: EventLoop
  private var connection: AMQPConnection?
  private var channel: AMQPChannel?
  private var loss: AMQPLoss?
  private var waiting: (() -> Void)?
  private lazy var timer = loop.makeTimer { [unowned self] in waiting?() }

  /// Connects to the first of the servers that lets the user in.
  init(_ dialler: AMQPDialler, on loop: EventLoop) throws(StoreError) {
    self.dialler = dialler.copy()
    self.loop = loop
    var reasons: [String] = []
    for _ in 0..<self.dialler.count {
      guard let reason = connect() else { return }
      reasons.append(reason)
      self.dialler.failed()
    }
    let isDenied = loss?.refusal != nil
    throw StoreError(
      isDenied ? .denied : .unreachable, reasons.count > 1 ? self.dialler.words.unreachable(reasons) : reasons[0])
  }

  deinit { connection?.close() }

  /// What the server says of itself.
  var server: AMQPServerVersion { connection?.login.server ?? AMQPServerVersion([:]) }
  var words: AMQPWords { dialler.words }

  /// - Returns: why there is no connection; nil: there is one.
  private func connect() -> String? {
    loss = nil
    loop.wait { done in
      waiting = done
      connection = dialler.dial(as: "beat-watch", in: loop) { [unowned self] event in
        if case .lost(let reason) = event { loss = reason }
        waiting?()
      }
    }
    waiting = nil
    return loss?.reason
  }

  /// Asks one thing. A refusal is an answer like any other.
  func ask(_ method: AMQPMethod) throws(StoreError) -> Result<AMQPMethod, AMQPRefusal> {
    var answer: Result<AMQPMethod, AMQPRefusal>?
    if let channel = channel ?? open() {
      loop.wait { done in
        waiting = done
        timer.schedule(after: Self.patience)
        channel.request(method) {
          answer = $0
          done()
        }
      }
      waiting = nil
      timer.cancel()
    }
    guard let answer else {
      throw StoreError(.unreachable, loss?.reason ?? words.at("it did not answer within 10 s"))
    }
    return answer
  }

  private func open() -> AMQPChannel? {
    channel = connection?.openChannel { [unowned self] in channel = nil }
    return channel
  }
}
