import Testing

@testable import ReactiveBeat

/// What the environment of a service says.
@Suite struct ServiceManagerTests {
  private func manager(_ socket: String?, _ watchdog: String? = nil, _ watched: String? = nil) -> ServiceManager? {
    ServiceManager(socket: socket, watchdog: watchdog, watched: watched, processID: 42)
  }

  @Test func nobodyWantsToBeTold() {
    #expect(manager(nil, "1000000", "42") == nil)
    #expect(manager("", "1000000", "42") == nil)
  }

  @Test(arguments: [nil, "42"]) func watchdog(_ watched: String?) {
    #expect(manager("/run/notify", "30000000", watched)?.watchdog == 30_000_000)
  }

  @Test(arguments: ["41", "", "042", "x"]) func anotherProcessIsWatched(_ watched: String) {
    #expect(manager("/run/notify", "30000000", watched)?.address == "/run/notify")
    #expect(manager("/run/notify", "30000000", watched)?.watchdog == nil)
  }

  @Test(arguments: [nil, "", "0", "-1", "x", "99999999999999999999"]) func noWatchdog(_ watchdog: String?) {
    #expect(manager("@notify", watchdog)?.address == "@notify")
    #expect(manager("@notify", watchdog)?.watchdog == nil)
  }
}
