import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// What the daemon tells the service manager that has started it.
@Suite struct ServiceNotificationTests {
  private func launch(_ stage: Stage, _ listener: NotifyListener, _ more: [String: String] = [:]) throws -> Daemon {
    try stage.launch(["NOTIFY_SOCKET": listener.address].merging(more) { $1 })
  }

  /// Its whole life, and that of a standby, which is ready too.
  @Test(arguments: [false, true]) func fromStartToStop(abstract: Bool) throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    stage.set("b", #"{"name": "b"}"#)
    let listener = try NotifyListener(abstract: abstract)
    let daemon = try launch(stage, listener)
    let begin = try listener.wait { $0 == "READY=1\nSTATUS=leading, 1 schedule, 1 rejected" }
    #expect(begin.first == "STATUS=connecting to \(stage.url(1))")

    let standby = try NotifyListener(abstract: abstract)
    let second = try launch(stage, standby)
    try standby.wait { $0 == "READY=1\nSTATUS=standing by, 1 schedule, 1 rejected" }

    stage.set("c", schedule("c"))
    try listener.wait { $0 == "READY=1\nSTATUS=leading, 2 schedules, 1 rejected" }
    #expect(!listener.messages.contains { $0.contains("WATCHDOG") })

    let known = listener.messages.count
    daemon.send(SIGHUP)
    let reload = try listener.wait(after: known) { $0.hasPrefix("READY=1") }
    #expect(reload.first?.hasPrefix("RELOADING=1\nMONOTONIC_USEC=") == true)

    #expect(try daemon.stop() == .status(0))
    listener.read()
    #expect(listener.messages.last == "STOPPING=1\nSTATUS=stopping")
    try standby.wait { $0 == "READY=1\nSTATUS=leading, 2 schedules, 1 rejected" }
    #expect(try second.stop() == .status(0))
  }

  /// A daemon without its server is not ready. One that has lost it says so, and stays.
  @Test func withoutAServer() throws {
    let stage = try Stage()
    stage.server.kill()
    let listener = try NotifyListener()
    let daemon = try launch(stage, listener)
    try listener.wait { $0.hasPrefix("STATUS=not connected: ") }
    #expect(!listener.messages.contains { $0.contains("READY=1") })
    try stage.restart()
    try listener.wait { $0 == "READY=1\nSTATUS=leading, 0 schedules" }
    stage.server.kill()
    try listener.wait { $0.hasPrefix("READY=1\nSTATUS=not connected: ") }
    #expect(try daemon.stop() == .status(0))
  }

  /// A daemon that ends by itself says why.
  @Test(.needsRedis7("option cluster-port")) func misconfigured() throws {
    let server = try RedisServer(["--cluster-enabled", "yes", "--cluster-port", "\(RedisServer.freePort())"])
    let stage = try Stage(on: server, store: 0)
    let listener = try NotifyListener()
    let daemon = try launch(stage, listener)
    #expect(try daemon.exit() == .status(78))
    listener.read()
    #expect(listener.messages.last?.hasPrefix("STOPPING=1\nSTATUS=") == true)
    #expect(listener.messages.last?.contains("hash tag") == true)
    #expect(!listener.messages.contains { $0.contains("READY=1") })
  }

  /// A process that does not go on is silent; the watchdog's message is not sent by anything but its loop.
  @Test func watchdog() throws {
    let stage = try Stage()
    let listener = try NotifyListener()
    let daemon = try launch(stage, listener, ["WATCHDOG_USEC": "200000"])
    try listener.wait { $0 == "WATCHDOG=1" }
    try daemon.wait(for: "ready")
    daemon.send(SIGSTOP)
    var info = siginfo_t()
    #expect(waitid(P_PID, id_t(daemon.pid), &info, WSTOPPED | WNOWAIT) == 0)
    listener.read()
    usleep(500_000)
    #expect(listener.read().isEmpty)
    daemon.send(SIGCONT)
    try listener.wait(after: listener.messages.count) { $0 == "WATCHDOG=1" }
    #expect(try daemon.stop() == .status(0))
  }

  /// Another process is watched, as with a shell between the manager and the daemon.
  @Test func watchdogOfAnother() throws {
    let stage = try Stage()
    let listener = try NotifyListener()
    let daemon = try launch(stage, listener, ["WATCHDOG_USEC": "2000", "WATCHDOG_PID": "\(getpid())"])
    try listener.wait { $0.hasPrefix("READY=1") }
    #expect(try daemon.stop() == .status(0))
    listener.read()
    #expect(!listener.messages.contains { $0.contains("WATCHDOG") })
  }

  /// A manager that cannot be reached is no reason to do anything else, nor to say it more than once.
  @Test(arguments: ["/tmp/reactivebeat-test-no-such-socket", "vsock:2:1", "@"]) func unreachable(_ address: String)
    throws
  {
    let stage = try Stage()
    stage.set("a", schedule("a", every: "0.1"))
    let daemon = try stage.launch([
      "NOTIFY_SOCKET": address, "WATCHDOG_USEC": "2000", "BEAT_WATCH_LOG_LEVEL": "debug",
    ])
    #expect(stage.fires(["a"], 3))
    #expect(try daemon.stop() == .status(0))
    #expect(daemon.logged("service manager").count == 1)
  }
}
