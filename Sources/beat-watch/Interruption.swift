import Glibc
import Synchronization

/// Ctrl-C and SIGTERM while something is written: what is under way is finished, and then the process ends by the signal.
enum Interruption {
  private static let signalNumber = Atomic<Int32>(0)

  /// From now on they are only noted. A second one ends the process at once.
  static func postpone() {
    for number in [SIGINT, SIGTERM] {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { Interruption.note($0) }
      action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND))
      sigaction(number, &action, nil)
    }
  }

  static var isWanted: Bool { signalNumber.load(ordering: .relaxed) != 0 }

  /// Ends the process as the signal would have.
  static func follow() {
    let number = signalNumber.load(ordering: .relaxed)
    guard number != 0 else { return }
    _ = signal(number, SIG_DFL)
    raise(number)
  }

  private static func note(_ number: Int32) { signalNumber.store(number, ordering: .relaxed) }
}
