import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat
@testable import beat_watch

/// What commands print on terminals of several widths: no line is too long, no word is broken, and the name is the last
/// to be cut.
@Suite struct TerminalOutputTests {
  private static let long = "nightly-report-of-the-finance-department-for-europe-and-asia"
  private static let wide = "日報-東京-財務部-👨‍👩‍👧‍👦"
  private static let marked = "Zu\u{308}rich-e\u{301}te\u{301}"
  /// A name that would reverse and colour the line, if it were not printed as escapes.
  private static let hostile = "bidi\u{202E}red\u{1B}[31m"
  private static let widths = [60, 80, 100, 120, 200]

  private func stage() throws -> Stage {
    let stage = try Stage()
    stage.set(Self.long, schedule("a", task: "reports.build.everything.for.finance"))
    stage.set(Self.wide, schedule("b", every: "60"))
    stage.set(
      Self.marked,
      #"{"name": "c", "task": "t", "enabled": true, "crontab": {"minute": "30", "hour": "2", "day_of_month": "1-7", "#
        + #""day_of_week": "mon"}, "timezone": "America/Argentina/Buenos_Aires"}"#)
    stage.set(Self.hostile, schedule("d"))
    stage.set(
      "broken",
      #"{"name": "e", "task": "t", "enabled": true, "interval": {"every": 5, "period": "minuts"}, "queu": "x"}"#)
    let now = SystemClock.now().microseconds
    for (index, name) in [Self.long, Self.wide, Self.marked, Self.hostile].enumerated() {
      stage.store(
        "XADD", "reactivebeat:tasks:meta:history", "\(now / 1000)-\(index)", "name", name, "id",
        "5d0e2b1c-0a3c-5f0e-9a55-0a1b2c3d4e5f", "due", "\(now - 213)", "late", "213", "why", "schedule")
      // All of what a client has recorded of its edit may be meant to deceive.
      stage.store(
        "XADD", "reactivebeat:tasks:meta:edits", "*", "at", "\(now)", "user", "anna\u{1B}[2J\u{202E}", "origin",
        "web from \u{202E}\(Self.long)", "action", "change\u{1B}[2J", "name", name, "new_name", Self.hostile, "before",
        "2f6d0ad5a2ff0b1c4a6e3c4d7f0d0a7f6c1f2e3d", "after", "\u{1B}[31m", "note", "\r\n\u{2028}\(Self.long)")
    }
    return stage
  }

  /// The lines that a command prints at a terminal, without colours.
  private func lines(_ stage: Stage, _ arguments: [String], width: Int, input: String = "") throws -> [String] {
    let terminal = try PseudoTerminal(rows: 200, columns: width)
    let path = stage.server.folder + "/input.json"
    if let file = fopen(path, "we") {
      fputs(input, file)
      fclose(file)
    }
    let process = try ChildProcess(
      [ProjectFolder.beatWatch()] + arguments.map { $0 == "FILE" ? path : $0 },
      environment: stage.environment().merging(["TERM": "xterm"]) { $1 }, output: terminal.program)
    #expect(
      eventually {
        _ = terminal.text
        return process.hasEnded()
      })
    return terminal.text.replacing(/\u{1B}\[\d+m/, with: "").split(separator: "\r\n").map(String.init)
  }

  private static let commands: [[String]] = [
    ["list"], ["history"], ["history", "--edits"], ["status"], ["doctor"], ["lint"], ["explain", long],
    ["explain", marked],
    ["explain", "broken"], ["show", marked, "--count", "3"], ["next", "FILE"], ["import", "--dry-run", "FILE"],
    ["set", "new", "--task", "reports.build", "--cron", "30 2 1-7 * mon", "--timezone", "Europe/Berlin", "--dry-run"],
    ["fire", long, "--dry-run"], ["help", "run"], ["help", "import"], ["--help"], [],
  ]

  @Test(arguments: commands) func noLineIsLonger(_ arguments: [String]) throws {
    let stage = try stage()
    let input =
      #"{"name": "\#(Self.long)", "task": "reports.build.everything", "enabled": true, "crontab": {"minute": "30", "#
      + #""hour": "2"}, "timezone": "America/Argentina/Buenos_Aires", "queu": "reports"}"# + "\n"
    for width in Self.widths {
      let lines = try lines(stage, arguments, width: width, input: input)
      #expect(!lines.isEmpty)
      for line in lines {
        // A document is data, so it stays as it is and can be copied. So does a message, and an error is one line.
        if line.hasPrefix("{") || line.hasPrefix("beat-watch: ") && !line.hasPrefix(HealthNote.beginning) { continue }
        #expect(DisplayWidth.of(line) <= width, "\(width): \(line)")
        #expect(!line.contains("\u{202E}") && !line.contains("\u{1B}"))
      }
    }
  }

  @Test func wordsAreWhole() throws {
    let stage = try stage()
    for arguments in [["status"], ["doctor"], ["lint"], ["explain", "broken"]] {
      let whole = try lines(stage, arguments, width: 2_000).joined(separator: " ")
      let words = Set(whole.split(separator: " "))
      for width in [60, 80] {
        for word in try lines(stage, arguments, width: width).joined(separator: " ").split(separator: " ") {
          // Counts, times and keys differ from run to run, and a word that is longer than a line is broken.
          if word.contains(where: \.isNumber) || word.count > 40 { continue }
          #expect(words.contains(word), "\(arguments) \(width): \(word)")
        }
      }
    }
  }

  /// Each schedule and each run has one row, with its whole name where that has room beside the time.
  @Test(arguments: widths) func rowsAreOneLine(_ width: Int) throws {
    let stage = try stage()
    // Behind the rows comes the note that no daemon runs.
    let list = try lines(stage, ["list"], width: width).prefix { !$0.hasPrefix(HealthNote.beginning) }
    #expect(list.count == 6, "\(list)")
    let history = try lines(stage, ["history"], width: width)
    #expect(history.count == 4, "\(history)")
    for name in [Self.wide, Self.marked, "bidi\\u{202e}red\\u{1b}[31m"] {
      #expect(list.contains { $0.hasPrefix(name + " ") }, "\(list)")
      #expect(history.contains { $0.contains("  \(name)") }, "\(history)")
    }
    let isWhole = list.contains { $0.hasPrefix(Self.long + " ") }
    #expect(isWhole == (width >= 80))
    if !isWhole { #expect(list.contains { $0.contains("…") && $0.contains("and-asia  in ") }, "\(list)") }
    #expect(width < 100 || history.contains { $0.contains(Self.long) })
    // The columns are aligned.
    let places = list.dropFirst().compactMap { line in
      line.firstRange(of: " in ").map { DisplayWidth.of(line[..<$0.lowerBound]) }
    }
    #expect(places.count == 4 && Set(places).count == 1, "\(list)")
  }

  /// In a pipe each line is whole, and as before.
  @Test func inAPipeNothingIsCut() throws {
    let stage = try stage()
    let list = try stage.run("list")
    #expect(list.lines.count == 6 && list.text.contains(Self.long) && !list.text.contains("…"), "\(list.text)")
    let lint = try stage.run("lint")
    #expect(lint.lines.allSatisfy { $0.contains(": error: ") || $0.contains(": warning: ") }, "\(lint.text)")
    let history = try stage.run("history")
    #expect(history.lines.count == 4)
    #expect(
      history.lines[1].wholeMatch(of: /\S+ \S+Z  日報\S+ +0.21 ms late  schedule   due \S+ \S+Z  5d0e2b1c-\S+/) != nil,
      "\(history.text)")
  }
}
