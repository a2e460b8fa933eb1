import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// `beat-watch watch`: what happens, as it happens.
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

  /// The screen that was there before comes back, the cursor too.
  @Test func leavesTheTerminalAsItWas() throws {
    let stage = try Stage()
    stage.set("a", schedule("a", every: "0.3"))
    let daemon = try stage.daemon()
    let terminal = try Terminal(stage.environment().merging(["TERM": "xterm"]) { $1 }, ["watch"])
    #expect(terminal.reads("every 300 milliseconds", within: 10))
    #expect(terminal.reads("late", within: 10))
    terminal.process.send(SIGINT)
    #expect(terminal.process.wait(within: 10) == .status(0))
    _ = terminal.reads("never", within: 0)
    #expect(terminal.text.hasPrefix("\u{1B}[?1049h\u{1B}[?25l") && terminal.text.hasSuffix("\u{1B}[?25h\u{1B}[?1049l"))
    try daemon.stop()
  }
}

/// A program at a terminal of its own.
private final class Terminal {
  let process: ChildProcess
  private let master: Int32
  private(set) var text = ""

  init(_ environment: [String: String], _ arguments: [String]) throws {
    master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    // TIOCSPTLCK and TIOCGPTN: what `unlockpt` and `ptsname` do, which Swift's Glibc has not.
    var (lock, number): (Int32, Int32) = (0, 0)
    guard master >= 0, ioctl(master, 0x4004_5431, &lock) == 0, ioctl(master, 0x8004_5430, &number) == 0 else {
      throw Failure("/dev/ptmx", errno)
    }
    var size = winsize(ws_row: 40, ws_col: 120, ws_xpixel: 0, ws_ypixel: 0)
    let slave = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
    defer { close(slave) }
    _ = ioctl(slave, UInt(TIOCSWINSZ), &size)
    process = try ChildProcess([ProjectFolder.beatWatch()] + arguments, environment: environment, output: slave)
  }

  deinit { close(master) }

  /// Whether a text stands in what it has written by then.
  func reads(_ part: String, within seconds: Int32) -> Bool {
    let start = MonotonicTime.now()
    repeat {
      var request = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
      while poll(&request, 1, 50) > 0, request.revents & Int16(POLLIN) != 0 {
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        let count = read(master, &chunk, chunk.count)
        guard count > 0 else { break }
        text += String(decoding: chunk[..<count], as: UTF8.self)
      }
      if text.contains(part) { return true }
    } while MonotonicTime.now().microseconds(since: start) < Int64(seconds) * 1_000_000
    return false
  }
}
