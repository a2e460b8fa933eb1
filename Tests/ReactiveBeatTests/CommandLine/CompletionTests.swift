import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat
@testable import beat_watch

/// The tab key in real shells at a terminal, while the store has names that mean something to a shell.
@Suite struct CompletionTests {
  /// Names that begin with an n, and names that cannot be offered at all.
  private static let hostile = [
    "n$(touch MARK)", "n`touch MARK`", "n;touch MARK;", "n|touch MARK", "n&touch MARK", "n\ntouch MARK\n", "n'", "n\"",
    "n'$(touch MARK)'", "n b", "n\tb", "n*", "n?", "n[a]", "n{a,b}", "n!!", "n#", "n\\", "n<MARK", "n>MARK", "n=~",
    "n~",
    "n^a^b", "n%1", "n(touch MARK)", "n${x:=$(touch MARK)}", "n$'\\x24'", "n\u{1b}[31m", "n\u{85}", "n\u{202e}",
    "-n", "--store-url=redis://127.0.0.1:1/0", "~n", "#n", "!n", "$(touch MARK)", "`touch MARK`", "", " n", "*",
  ]

  private func stage(_ names: [String] = []) throws -> Stage {
    let stage = try Stage()
    for name in Self.hostile + names { stage.set(name, schedule("a")) }
    stage.store.call([Array("SET".utf8), Array(stage.prefix.utf8) + [0x6E, 0xFF], Array(schedule("a").utf8)])
    return stage
  }

  @Test(arguments: TypingShell.Kind.allCases) func nothingThatIsOfferedIsExpanded(_ kind: TypingShell.Kind) throws {
    let shell = try TypingShell(kind, try stage(["nice.name-1"]))
    // This is the only name that can be offered.
    #expect(shell.words(afterTab: "beat-watch explain n") == ["explain", "nice.name-1"], "\(shell.text)")
    #expect(shell.words(afterTab: "beat-watch disable --dry-run ni") == ["disable", "--dry-run", "nice.name-1"])
    #expect(!shell.exists("MARK"))
  }

  /// Where only such names match, the shell adds nothing to the typed text.
  @Test(arguments: TypingShell.Kind.allCases) func theOthersAreNotOffered(_ kind: TypingShell.Kind) throws {
    let shell = try TypingShell(kind, try stage(["report"]))
    #expect(shell.words(afterTab: "beat-watch explain rep") == ["explain", "report"], "\(shell.text)")
    for typed in ["n", #"n\$\("#, "n\\`t", "'n b"] {
      let line = typed.hasPrefix("'") ? "beat-watch explain \(typed)'" : "beat-watch explain \(typed)"
      let words = shell.words(afterTab: line)
      #expect(words?.count == 2 && words?.last.map { $0.count <= 3 } == true, "\(typed): \(words ?? [])")
    }
    #expect(!shell.exists("MARK"))
  }

  @Test(arguments: TypingShell.Kind.allCases) func aNameWithAColonIsWhole(_ kind: TypingShell.Kind) throws {
    let shell = try TypingShell(kind, try stage(["mail:daily", "user@host/x,y+z"]))
    #expect(shell.words(afterTab: "beat-watch explain ma") == ["explain", "mail:daily"], "\(shell.text)")
    #expect(shell.words(afterTab: "beat-watch explain us") == ["explain", "user@host/x,y+z"])
  }

  /// bash begins a new word after a colon, and writes a slash after the name of a folder.
  @Test func whatBashWouldMakeAnotherNameOf() throws {
    let shell = try TypingShell(.bash, try stage(["tenant:7", "tenant:8", "report", "docs"]))
    shell.makeFolder("docs")
    #expect(shell.words(afterTab: "beat-watch disable tenant:") == ["disable", "tenant:"], "\(shell.text)")
    #expect(shell.words(afterTab: "beat-watch disable tenant:re") == ["disable", "tenant:re"])
    #expect(shell.words(afterTab: "beat-watch explain do") == ["explain", "do"])
  }

  /// The script of an older version stays installed, and cannot be changed any more. So the program itself prints only
  /// names that are safe in it.
  @Test func onlyPlainWordsAreHandedOut() throws {
    let stage = try stage(["nice.name-1", "mail:daily"])
    for (shell, colon) in [("bash", "mail:daily"), ("zsh", #"mail\:daily"#), ("fish", "mail:daily")] {
      let run = try stage.run(
        ["---completion", "disable", "--", "positional@0", "2", "0", "beat-watch", "disable", ""],
        environment: ["SAP_SHELL": shell])
      #expect(run.exit == .status(0) && run.lines.filter { $0 != " " } == [colon, "nice.name-1"], "\(run.text)")
    }
  }
}
