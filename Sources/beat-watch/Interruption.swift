import Glibc
import ReactiveBeat
import Synchronization

/// Ctrl-C and SIGTERM during a write: the operation under way is finished, and then the process ends by the signal.
enum Interruption {
  private static let signalNumber = Atomic<Int32>(0)

  /// Makes the signals only noted from now on. A second one ends the process at once.
  static func postpone() {
    for number in [SIGINT, SIGTERM] {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { Interruption.note($0) }
      action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND))
      sigaction(number, &action, nil)
    }
  }

  static var isWanted: Bool { signalNumber.load(ordering: .relaxed) != 0 }

  /// Ends the process by the noted signal, if there is one.
  static func follow() {
    let number = signalNumber.load(ordering: .relaxed)
    guard number != 0 else { return }
    _ = signal(number, SIG_DFL)
    raise(number)
  }

  private static func note(_ number: Int32) { signalNumber.store(number, ordering: .relaxed) }
}

/// Ctrl-C and SIGTERM while a command waits for an answer: the wait ends, and the command can take its request back. A
/// second signal ends the process at once.
final class WaitInterruption {
  private let loop: EventLoop
  private var sources: [SignalSource] = []
  private var number: Int32?

  init(on loop: EventLoop) throws {
    self.loop = loop
    for signal in [SIGINT, SIGTERM] {
      sources.append(try SignalSource(on: loop, signal: signal) { [unowned self] in note(signal) })
    }
  }

  var isWanted: Bool { number != nil }

  /// Whether a signal has come, also where the waiting work does not run the loop itself.
  func look() -> Bool {
    if !loop.isRunning { loop.serveReady() }
    return isWanted
  }

  private func note(_ signal: Int32) {
    if number != nil { end(signal) }
    number = signal
    if loop.isRunning { loop.stop() }
  }

  /// Ends the process by the signal, if one has come.
  func follow() {
    // A signal may have come together with the answer.
    loop.serveReady()
    if let number { end(number) }
  }

  private func end(_ number: Int32) {
    for source in sources { source.cancel() }
    _ = signal(number, SIG_DFL)
    raise(number)
  }
}
