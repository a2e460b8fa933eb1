import BeatLoop
import Glibc
import Synchronization
import Testing

@Suite struct OwnThreadTests {
  /// The signals that this thread blocks, without the real-time ones.
  private static func blocked() -> [Int32] {
    var mask = sigset_t()
    pthread_sigmask(SIG_SETMASK, nil, &mask)
    return (1...SIGSYS).filter { sigismember(&mask, $0) == 1 }
  }

  private final class Answer: Sendable {
    let signals = Mutex<[Int32]?>(nil)
  }

  /// The application's signals go to its own threads. A fault is handled on the thread where it happens, by the
  /// application's handler.
  @Test("a thread blocks all signals but those of its own faults")
  func signals() throws {
    let before = Self.blocked()
    let answer = Answer()
    try OwnThread.start { answer.signals.withLock { $0 = Self.blocked() } }
    #expect(eventually { answer.signals.withLock { $0 != nil } })
    let spared = [SIGKILL, SIGSTOP, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS]
    #expect(answer.signals.withLock { $0 } == (1...SIGSYS).filter { !spared.contains($0) })
    #expect(Self.blocked() == before, "the thread that starts another one keeps its own mask")
  }
}
