import Glibc
import Testing

@testable import ReactiveBeat

/// There is only one test, since libevent serves the signals of a process on one loop.
@Suite struct SignalSourceTests {
  @Test("signals arrive on the loop, and the former disposition comes back")
  func signals() throws {
    var seen: [String] = []
    try onLoop { loop in
      var first: SignalSource?
      let second = Holder<SignalSource>()
      first = try SignalSource(on: loop, signal: SIGUSR1) {
        seen.append("usr1")
        if seen.count == 1 { kill(getpid(), SIGUSR1) } else { kill(getpid(), SIGUSR2) }
      }
      second.value = try SignalSource(on: loop, signal: SIGUSR2) {
        seen.append("usr2")
        first?.cancel()
        first = nil
        second.value = nil
        loop.stop()
      }
      loop.soon { kill(getpid(), SIGUSR1) }
    }
    #expect(seen == ["usr1", "usr1", "usr2"])
    var action = sigaction()
    sigaction(SIGUSR1, nil, &action)
    #expect(action.__sigaction_handler.sa_handler == nil)
  }
}
