import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat
@testable import beat_watch

/// `beat-watch watch` on a real terminal.
@Suite struct WatchScreenTests {
  private struct Watcher {
    let terminal: PseudoTerminal
    let process: ChildProcess
    let modes: UInt32

    init(_ stage: Stage, rows: Int, columns: Int) throws {
      terminal = try PseudoTerminal(rows: rows, columns: columns)
      modes = terminal.modes
      process = try stage.start("watch", at: terminal, environment: ["TERM": "xterm"])
    }

    /// The picture that results from everything printed since the screen was last cleared.
    func picture(rows: Int, columns: Int) -> TerminalPicture {
      let text = terminal.text
      let start = text.ranges(of: "\u{1B}[2J").last?.lowerBound ?? text.startIndex
      return TerminalPicture(String(text[start...]), rows: rows, columns: columns)
    }

    /// Waits until a picture of this size fulfils the condition and has no flaw. A picture that is read while it is
    /// being written may be cut anywhere. A flaw that the program wrote itself stays until the screen is cleared.
    func shows(rows: Int, columns: Int, _ condition: @escaping ([String]) -> Bool) -> Bool {
      let isShown = eventually {
        let picture = picture(rows: rows, columns: columns)
        return condition(picture.lines) && picture.broken == 0 && picture.unknown.isEmpty
          && picture.lines.last == "q ends it"
      }
      if !isShown {
        let last = picture(rows: rows, columns: columns)
        Issue.record("broken: \(last.broken), unknown: \(last.unknown)\n\(last.lines.joined(separator: "\n"))")
      }
      return isShown
    }
  }

  private static func isComplete(_ lines: [String]) -> Bool {
    lines[0].hasPrefix("beat-watch") && lines[1].hasPrefix("fired by") && lines.contains("FIRED")
      && lines.contains { $0.contains("every 300") || $0.contains("tick-") } && lines.contains { $0.contains(" late") }
      && lines.contains { $0.contains("  accepted tick-0: next ") }
  }

  private func stage() throws -> (Stage, Daemon) {
    let stage = try Stage()
    for index in 0..<5 { stage.set("tick-\(index)", schedule("a", every: "0.3")) }
    stage.set("日報-東京 👨‍👩‍👧‍👦", schedule("b"))
    return (stage, try stage.daemon())
  }

  @Test(arguments: [(14, 80, 24, 80), (24, 80, 40, 120), (40, 120, 14, 80)])
  func sizes(_ rows: Int, _ columns: Int, _ nextRows: Int, _ nextColumns: Int) throws {
    let (stage, daemon) = try stage()
    let watcher = try Watcher(stage, rows: rows, columns: columns)
    #expect(watcher.shows(rows: rows, columns: columns) { $0[0].contains("6 schedules") && $0[1].contains("fired by") })
    stage.set("tick-0", schedule("a", every: "0.31"))
    #expect(watcher.shows(rows: rows, columns: columns, Self.isComplete))
    watcher.terminal.resize(rows: nextRows, columns: nextColumns)
    watcher.process.send(SIGWINCH)
    #expect(watcher.shows(rows: nextRows, columns: nextColumns, Self.isComplete))
    watcher.terminal.type("q")
    #expect(watcher.process.wait() == .status(0))
    isAsBefore(watcher)
    try daemon.stop()
  }

  /// The program ends by a signal, or by the key q in either case, typed among others.
  @Test(arguments: [SIGINT, SIGTERM, SIGHUP, 0]) func ends(_ signal: Int32) throws {
    let stage = try Stage()
    let watcher = try Watcher(stage, rows: 24, columns: 80)
    #expect(watcher.shows(rows: 24, columns: 80) { $0[1].contains("nobody fires") })
    #expect(watcher.terminal.modes & UInt32(ICANON | ECHO) == 0)
    if signal == 0 { watcher.terminal.type("xQ") } else { watcher.process.send(signal) }
    #expect(watcher.process.wait() == .status(0))
    isAsBefore(watcher)
  }

  /// The program ends by signals that it does not handle itself.
  @Test(arguments: [SIGSEGV, SIGTRAP, SIGQUIT]) func endsByAFault(_ signal: Int32) throws {
    let stage = try Stage()
    let watcher = try Watcher(stage, rows: 24, columns: 80)
    #expect(watcher.shows(rows: 24, columns: 80) { $0[1].contains("nobody fires") })
    watcher.process.send(signal)
    #expect(watcher.process.wait() == .signal(signal))
    isAsBefore(watcher)
  }

  /// Ctrl-Z restores the terminal, and `fg` shows the screen again.
  @Test func isSuspended() throws {
    let stage = try Stage()
    let watcher = try Watcher(stage, rows: 24, columns: 80)
    #expect(watcher.shows(rows: 24, columns: 80) { $0[1].contains("nobody fires") })
    watcher.process.send(SIGTSTP)
    #expect(eventually { watcher.terminal.modes == watcher.modes })
    #expect(watcher.terminal.shows("\u{1B}[?25h\u{1B}[?1049l"))
    // The process stops itself after that: a SIGCONT that comes too early would be lost.
    #expect(
      eventually {
        watcher.process.send(SIGCONT)
        return watcher.terminal.modes & UInt32(ICANON | ECHO) == 0
      })
    #expect(watcher.shows(rows: 24, columns: 80) { $0[1].contains("nobody fires") })
    watcher.terminal.type("q")
    #expect(watcher.process.wait() == .status(0))
    isAsBefore(watcher)
  }

  @Test func aTerminalThatIsTooSmall() throws {
    let stage = try Stage()
    let watcher = try Watcher(stage, rows: 13, columns: 70)
    #expect(watcher.terminal.shows("watch needs 14 rows, and this terminal has 13. q ends it."))
    watcher.terminal.resize(rows: 14, columns: 70)
    watcher.process.send(SIGWINCH)
    #expect(watcher.shows(rows: 14, columns: 70) { $0.contains("HEARD") })
    watcher.terminal.type("q")
    #expect(watcher.process.wait() == .status(0))
  }

  /// Expects the screen's earlier contents, the cursor, and the terminal's modes.
  private func isAsBefore(_ watcher: Watcher) {
    let picture = TerminalPicture(watcher.terminal.text, rows: 40, columns: 120)
    #expect(!picture.isSecondScreen && picture.isCursorShown)
    #expect(watcher.terminal.modes == watcher.modes)
    #expect(picture.lines.allSatisfy { $0.isEmpty }, "\(picture.lines)")
  }
}
