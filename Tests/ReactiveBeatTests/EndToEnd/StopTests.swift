import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// How the daemon ends.
@Suite struct StopTests {
  @Test(arguments: [SIGTERM, SIGINT]) func signal(_ signal: Int32) throws {
    let stage = try Stage()
    stage.set("a", schedule("a", atOnce))
    let daemon = try stage.daemon()
    try daemon.wait(for: "fired")
    daemon.send(signal)
    #expect(try daemon.exit() == .status(0))
    let stopped = try daemon.wait(for: "stopped")
    #expect(stopped.number("fired") == 1)
    #expect(stopped.number("unanswered") == 0)
    #expect(daemon.lines.last?.message == "stopped")
    #expect(daemon.otherLines.isEmpty)
  }

  /// A daemon whose one schedule has come due after its server was frozen: the script is on its way.
  private func inFlight() throws -> (stage: Stage, daemon: Daemon) {
    for _ in 0..<10 {
      let stage = try Stage()
      let daemon = try stage.daemon()
      stage.set("a", schedule("a", every: "0.4"))
      try daemon.wait(for: "loaded", key: stage.key("a"))
      #expect(eventually { stage.watermark("a") != nil })
      let due = try #require(stage.watermark("a")).due.advanced(by: 400_000)
      stage.server.suspend()
      // On a busy machine the server may have been frozen too late.
      if SystemClock.now() < due {
        #expect(eventually { SystemClock.now() > due.advanced(by: 200_000) })
        return (stage, daemon)
      }
      stage.server.resume()
      try daemon.kill()
    }
    throw Failure("the server was never frozen in time", 0)
  }

  @Test func finishesWhatIsOnItsWay() throws {
    let (stage, daemon) = try inFlight()
    daemon.send(SIGTERM)
    stage.server.resume()
    #expect(try daemon.exit() == .status(0))
    #expect(daemon.logged("fired").count == 1)
    let stopped = try daemon.wait(for: "stopped")
    #expect(stopped.number("fired") == 1)
    #expect(stopped.number("unanswered") == 0)
    #expect(stage.messages().map(\.id) == [daemon.logged("fired").first?["id"]])
    #expect(stage.document("a")?.contains(#""total_run_count": 1"#) == true)
  }

  /// Redis does not answer: a second signal does not wait until the daemon's patience ends. (After the first one alone
  /// the status is 0.)
  @Test func secondSignal() throws {
    let (stage, daemon) = try inFlight()
    daemon.send(SIGTERM)
    daemon.send(SIGINT)
    #expect(try daemon.exit() == .status(1))
    stage.server.resume()
  }

  /// After the first signal alone the daemon waits, and says which outcome it does not know.
  @Test func patience() throws {
    let (stage, daemon) = try inFlight()
    daemon.send(SIGTERM)
    #expect(try daemon.exit() == .status(0))
    #expect(try daemon.wait(for: "stopped").number("unanswered") == 1)
    stage.server.resume()
  }

  @Test func whileDisconnected() throws {
    let stage = try Stage()
    stage.server.kill()
    // Nothing is under way, so nothing is waited for: one of three stops is quicker than the patience, on a busy
    // machine too.
    let waits = try (0..<3).map { _ in
      let daemon = try stage.launch()
      try daemon.wait(for: "disconnected")
      let start = MonotonicTime.now()
      #expect(try daemon.stop() == .status(0))
      #expect(daemon.logged("stopped").count == 1)
      return MonotonicTime.now().microseconds(since: start)
    }
    #expect(try #require(waits.min()) < 3_000_000)
  }

  /// Zone files are read again and again, in the middle of firing. SIGPIPE is ignored.
  @Test func signalsWithoutEnd() throws {
    let stage = try Stage()
    stage.set("a", schedule("a", every: "0.05", #", "catchup": "all", "timezone": "Europe/Berlin""#))
    let daemon = try stage.daemon()
    #expect(stage.fires(["a"], 2))
    for _ in 0..<300 {
      daemon.send(SIGHUP)
      daemon.send(SIGPIPE)
      usleep(1000)
    }
    #expect(stage.fires(["a"], 10))
    try daemon.wait(for: "reloaded")
    #expect(try daemon.stop() == .status(0))
    try stage.expectEachOnce(["a"], every: 50_000)
    #expect(daemon.logged("skipped").isEmpty)
  }

  /// A log on a full disk neither stops the daemon nor makes it miss a run.
  @Test func logOnAFullDevice() throws {
    let stage = try Stage()
    stage.set("a", schedule("a", every: "0.1", #", "catchup": "all""#))
    let full = open("/dev/full", O_WRONLY | O_CLOEXEC)
    defer { close(full) }
    let daemon = try ChildProcess(
      [ProjectFolder.beatWatch(), "run"],
      environment: stage.environment().merging(["BEAT_WATCH_LOG_LEVEL": "debug"]) { $1 }, output: full)
    #expect(stage.fires(["a"], 10))
    daemon.send(SIGTERM)
    #expect(daemon.wait() == .status(0))
    try stage.expectEachOnce(["a"], every: 100_000)
  }

  /// A log whose reader has closed it does not stop the daemon.
  @Test func logClosed() throws {
    let stage = try Stage()
    stage.set("a", schedule("a", every: "0.1"))
    let daemon = try stage.daemon()
    daemon.closeLog()
    #expect(eventually { (stage.broker("LLEN", "celery")?.integer ?? 0) >= 5 })
    #expect(daemon.isRunning)
    #expect(try daemon.stop() == .status(0))
  }
}
