import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat
@testable import beat_watch

/// A printed name means the same schedule when it is typed again, or none, and printed text does nothing to a terminal.
@Suite struct PrintedNameTests {
  private static let hostile: [[UInt8]] =
    [
      "report", "a\u{1b}", #"a\u{1b}"#, "au{1b}", "*", "[a-z]*", "?", #"\*"#, #"a\b"#,
      "--store-url=redis://127.0.0.1:1/0",
      "-", "--yes", "a\nb", "a b", "'", "\"", "$(touch x)", "#x", "~", "é", "x\u{9b}2J", "x\u{202e}y", "\u{200d}",
    ].map { Array($0.utf8) } + [[0x61, 0xFF], Array(#"a\xff"#.utf8)]

  private func stage() throws -> Stage {
    let stage = try Stage()
    for name in Self.hostile {
      stage.store.call([Array("SET".utf8), Array(stage.prefix.utf8) + name, Array(schedule("a").utf8)])
    }
    return stage
  }

  private func names(_ stage: Stage) -> Set<[UInt8]> {
    Set((stage.store("KEYS", stage.prefix + "*")?.array ?? []).compactMap { $0.bytes.map { Array($0.dropFirst(11)) } })
  }

  /// Each printed name removes its schedule alone. Typed again afterwards, it removes none.
  @Test func whatIsListedIsWhatIsRemoved() throws {
    let stage = try stage()
    let lines = try stage.run("list", "--names-only").lines
    #expect(lines.count == Self.hostile.count)
    var rest = Set(Self.hostile)
    for line in lines {
      let run = try stage.run("rm", "--yes", "--", line)
      #expect(run.exit == .status(0), "\(line): \(run.text)")
      let after = names(stage)
      #expect(after.count == rest.count - 1 && after.isSubset(of: rest), "\(line)")
      rest = after
      #expect(try stage.run("rm", "--yes", "--", line).exit == .status(66) && names(stage) == rest, "\(line)")
    }
  }

  /// The documented line, with the names as xargs hands them on.
  @Test func theDocumentedPipe() throws {
    let stage = try stage()
    let list = try stage.run("list", "--names-only")
    let run = try CommandRun(
      ["-r", "-d", "\n", ProjectFolder.beatWatch(), "disable", "--"], program: [commandPath("xargs")],
      input: list.text + "\n", environment: stage.environment())
    #expect(run.exit == .status(0) && run.lines.count == Self.hostile.count, "\(run.text)")
    #expect(try stage.run("list", "--state", "enabled", "--names-only").lines.isEmpty)
  }

  /// In a table and in JSON names are shorter. Each still means its own schedule, as long as that one is stored.
  @Test func whatIsShownIsFound() throws {
    let stage = try stage()
    for item in try #require(try stage.run("list", "--json").json?.items) {
      let name = try #require(item["name"]?.text)
      let run = try stage.run("show", "--json", "--", name)
      #expect(run.json?["name"]?.text == name, "\(name): \(run.text)")
    }
  }

  @Test func aNewNameIsReadAsItIsPrinted() throws {
    let stage = try Stage()
    #expect(try stage.run("set", #"a\u{1b}"#, "--task", "t", "--every", "1h").exit == .status(0))
    #expect(stage.exists("a\u{1b}") && !stage.exists(#"a\u{1b}"#))
    #expect(try stage.run("rename", #"a\u{1b}"#, #"b\u{2a}"#).exit == .status(0) && stage.exists("b*"))
  }

  /// Bytes that are no UTF-8 text would become U+FFFD, and so another name.
  @Test func anArgumentThatIsNoTextIsRefused() throws {
    let stage = try Stage()
    stage.set("a\u{fffd}", schedule("a"))
    let run = try CommandRun(
      ["-c", "exec \"$0\" rm --yes \"$(printf 'a\\377')\"", ProjectFolder.beatWatch()], program: ["/bin/sh"],
      environment: stage.environment())
    #expect(run.exit == .status(64) && run.lines.count == 1 && run.text.contains("UTF-8"), "\(run.text)")
    #expect(stage.exists("a\u{fffd}"))
  }

  @Test func aNameThatIsTooLongIsLeftOut() throws {
    let stage = try Stage()
    stage.set(String(repeating: "n", count: 1_025), schedule("a"))
    stage.set("b", schedule("b"))
    let run = try stage.run("list", "--names-only")
    #expect(run.lines == ["b"], "\(run.text)")
    #expect(run.notes.contains { $0.contains("1 key under the prefix is not read") }, "\(run.notes)")
  }

  // MARK: commands to paste

  @Test(arguments: [
    "x; touch MARK", "$(touch MARK)", "`touch MARK`", "it's", #"a\"#, "--store-url=x", "a\nb", "~", "!x", "*", "\\'x",
  ])
  func aCommandToPasteIsOneWord(_ text: String) throws {
    let name = EntryName(text)
    let command = ShellWords.command("enable", name)
    for shell in ["sh", "bash", "zsh", "fish"] {
      let run = try CommandRun(
        ["-c", "printf '<%s>\\n'" + command.dropFirst("beat-watch".count)], program: [commandPath(shell)],
        environment: ["PATH": "/usr/bin:/bin", "HOME": "/nonexistent"])
      #expect(run.lines == ["<enable>", "<\(name.argument)>"], "\(shell): \(command): \(run.text)")
    }
    #expect(NamePattern(name.argument).literal == name)
  }

  @Test func explainQuotesWhatItTellsToDo() throws {
    let stage = try Stage()
    stage.set("x; touch y", schedule("a").replacing("true", with: "false"))
    let run = try stage.run("explain", "x; touch y")
    #expect(run.text.contains("`beat-watch enable 'x; touch y'`"), "\(run.text)")
  }

  // MARK: JSON

  /// C1 and bidi controls in names, tasks and documents are printed as escapes, which decode to the same text.
  @Test(arguments: ["\u{9b}2J", "\u{85}", "\u{202e}x", "\u{2066}x", "\u{7f}", "\u{feff}"])
  func jsonPrintsNoControls(_ text: String) throws {
    let stage = try Stage()
    let document = schedule("a\(text)", task: "t\(text)", #", "args": ["\#(text)"], "headers": {"h": "\#(text)"}"#)
    stage.set("a\(text)", document)
    for arguments in [
      ["list", "--json"], ["show", "a*", "--json"], ["export"], ["export", "--crontab"], ["lint", "--json"],
      ["explain", "a*", "--json"], ["fire", "a*", "--print"], ["fire", "a*", "--print", "--json"],
      ["list", "--names-only"],
      ["show", "a*"], ["list"],
    ] {
      let run = try stage.run(arguments)
      #expect(run.exit == .status(0) && !run.text.contains(text), "\(arguments): \(run.text)")
    }
    #expect(try stage.run("show", "a*", "--json").json?["document"]?["task"]?.text == "t\(text)")
    #expect(try stage.run("list", "--json").json?.items?.first?["label"]?.text == "a\(text)")
    let export = try stage.run("export").text
    #expect(try stage.run("rm", "--yes", "a*").exit == .status(0))
    #expect(try stage.run("import", "-", input: export + "\n").exit == .status(0))
    #expect(stage.document("a\(text)") == document)
  }

  @Test func theLogAsJSONPrintsNoControls() throws {
    let line = LogOutput.json(.info, "m\u{9b}", ["reason": .string("\u{202e}x"), "\u{85}": .string("y")])
    #expect(!line.unicodeScalars.contains { $0.value > 0x7E || $0.value < 0x20 }, "\(line)")
    #expect(JSONValue(Array(line.utf8))?["reason"]?.text == "\u{202e}x")
  }
}
