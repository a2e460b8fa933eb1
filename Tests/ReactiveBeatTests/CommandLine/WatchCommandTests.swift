import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// `beat-watch watch` shows what happens, as it happens.
@Suite struct WatchCommandTests {
  private func events(_ watcher: Daemon) -> [JSONValue] {
    watcher.output.split(separator: "\n").compactMap { JSONValue($0.utf8) }
  }

  private func waitFor(
    _ event: String, _ watcher: Daemon, where condition: @escaping (JSONValue) -> Bool = { _ in true }
  ) -> Bool {
    eventually { events(watcher).contains { $0["event"]?.text == event && condition($0) } }
  }

  @Test func tellsEachThingOnALine() throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    let watcher = try Daemon(stage.environment(), arguments: ["watch", "--json"])
    #expect(waitFor("watching", watcher) { $0["schedules"] == .number(1) })
    #expect(waitFor("nobody", watcher))
    let daemon = try stage.daemon()
    #expect(waitFor("leading", watcher) { $0["pid"] == .number(Double(daemon.pid)) })
    stage.set("b", schedule("b", atOnce))
    #expect(waitFor("fired", watcher) { $0["name"]?.text == "b" && $0["why"]?.text == "immediate" })
    #expect(waitFor("edited", watcher) { $0["name"]?.text == "b" && $0["state"]?.text == "accepted" })
    stage.set("b", "{")
    #expect(waitFor("edited", watcher) { $0["name"]?.text == "b" && $0["state"]?.text == "rejected" })
    stage.store("DEL", stage.key("b"))
    #expect(waitFor("removed", watcher) { $0["name"]?.text == "b" })
    try daemon.stop()
    #expect(waitFor("nobody", watcher))
    let lines = watcher.output.split(separator: "\n")
    #expect(events(watcher).count == lines.count, "\(lines)")
    watcher.send(SIGINT)
    #expect(try watcher.exit() == .status(0))
  }

  @Test func waitsForAStoreThatGoesAway() throws {
    let stage = try Stage()
    let watcher = try Daemon(stage.environment(), arguments: ["watch", "--json", "w*"])
    #expect(waitFor("watching", watcher))
    stage.server.kill()
    #expect(waitFor("disconnected", watcher))
    try stage.restart()
    #expect(waitFor("reconnected", watcher))
    let daemon = try stage.daemon()
    stage.set("unwanted", schedule("unwanted", atOnce))
    stage.set("wanted", schedule("wanted", atOnce))
    #expect(waitFor("fired", watcher) { $0["name"]?.text == "wanted" })
    #expect(!watcher.output.contains("unwanted"))
    try daemon.stop()
    watcher.send(SIGTERM)
    #expect(try watcher.exit() == .status(0))
  }

  @Test func saysWhatIsWrongAtTheStart() throws {
    let run = try CommandRun(["watch"], environment: ["CELERY_REDIS_SCHEDULER_URL": "redis://127.0.0.1:1/1"])
    #expect(run.exit == .status(69) && run.lines.count == 1)
  }

  /// At the end the terminal shows its earlier contents again, and the cursor.
  @Test func leavesTheTerminalAsItWas() throws {
    let stage = try Stage()
    stage.set("a", schedule("a", every: "0.3"))
    let daemon = try stage.daemon()
    let terminal = try PseudoTerminal()
    let watch = try stage.start("watch", at: terminal, environment: ["TERM": "xterm"])
    #expect(terminal.shows("every 300 milliseconds"))
    #expect(terminal.shows("late"))
    watch.send(SIGINT)
    #expect(watch.wait() == .status(0))
    #expect(terminal.text.hasPrefix("\u{1B}[?1049h\u{1B}[?25l") && terminal.text.hasSuffix("\u{1B}[?25h\u{1B}[?1049l"))
    try daemon.stop()
  }
}
