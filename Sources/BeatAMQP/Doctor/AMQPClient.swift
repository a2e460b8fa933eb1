import BeatCore
import BeatLoop

/// A connection for the shell's commands: each call waits for its answer.
final class AMQPClient {
  /// How long an answer may take; microseconds. A blocked server answers nothing on a connection that has published.
  private static let patience: Int64 = 10_000_000

  /// Stands at the server that let the user in.
  let dialler: AMQPDialler
  private let loop: EventLoop
  private var connection: AMQPConnection?
  private var channel: AMQPChannel?
  private var loss: AMQPLoss?
  private var waiting: (() -> Void)?
  /// Why the servers before that one could not be used.
  private(set) var failures: [String] = []
  /// Why nothing more can be asked.
  private var fault: StoreError?
  private lazy var timer = loop.makeTimer { [unowned self] in waiting?() }

  /// Connects to the first of the servers that lets the user in.
  init(_ dialler: AMQPDialler, on loop: EventLoop) throws(StoreError) {
    self.dialler = dialler.copy()
    self.loop = loop
    for _ in 0..<self.dialler.count {
      guard let reason = connect() else { return }
      failures.append(reason)
      self.dialler.failed()
    }
    let isDenied = loss?.refusal != nil
    throw StoreError(
      isDenied ? .denied : .unreachable,
      failures.count > 1 ? self.dialler.words.unreachable(failures) : loss?.reason ?? "")
  }

  /// The loop does not run any more after the last question: the server hears of the end here.
  deinit {
    guard let connection else { return }
    loop.wait { done in connection.close(then: done) }
  }

  /// What the server says of itself.
  var server: AMQPServerVersion { connection?.login.server ?? AMQPServerVersion([:]) }
  var words: AMQPWords { dialler.words }

  /// - Returns: why there is no connection; nil: there is one.
  private func connect() -> String? {
    loss = nil
    loop.wait { done in
      waiting = done
      connection = dialler.dial(as: "beat-watch", hasHeartbeat: false, in: loop) { [unowned self] event in
        if case .lost(let reason) = event { loss = reason }
        waiting?()
      }
    }
    waiting = nil
    return loss?.reason
  }

  /// Asks one thing. A refusal is an answer like any other. After a question without an answer, none is asked any more.
  func ask(_ method: AMQPMethod) throws(StoreError) -> Result<AMQPMethod, AMQPRefusal> {
    if let fault { throw fault }
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
      let fault = StoreError(.unreachable, loss?.reason ?? words.at("it did not answer within 10 s"))
      self.fault = fault
      throw fault
    }
    return answer
  }

  private func open() -> AMQPChannel? {
    channel = connection?.openChannel { [unowned self] in channel = nil }
    return channel
  }
}
