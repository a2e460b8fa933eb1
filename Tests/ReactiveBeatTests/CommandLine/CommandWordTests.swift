import Testing

@testable import BeatCore
@testable import ReactiveBeat
@testable import beat_watch

/// Only `beat-watch run` starts a daemon, and a mistyped word is answered with the word that was probably meant.
@Suite struct CommandWordTests {
  private static func verdict(_ arguments: String...) -> CommandWord.Verdict {
    CommandWord.ours.verdict(on: ["beat-watch"] + arguments)
  }

  private static let slips: [(arguments: [String], meant: String)] = [
    (["lst"], "did you mean `beat-watch list`?"), (["statsu"], "did you mean `beat-watch status`?"),
    (["stat"], "did you mean `beat-watch status`?"), (["wacth"], "did you mean `beat-watch watch`?"),
    (["rn"], "did you mean `beat-watch run` or `beat-watch rm`?"), (["RUN"], "did you mean `beat-watch run`?"),
    (["help", "statsu"], "did you mean `beat-watch help status`?"), (["nonsense"], "`beat-watch --help` shows"),
    (["--nonsense"], "`beat-watch --help` shows"), (["-v"], "`beat-watch --help` shows"),
    (["--verson"], "did you mean `beat-watch --version`?"),
    (["--store-url", "redis://x/0"], "did you mean `beat-watch run --store-url …`?"),
    (["--store-url=redis://x/0"], "did you mean `beat-watch run --store-url …`?"),
    (["--stor-url", "redis://x/0"], "did you mean `beat-watch run --store-url …`?"),
    (["--no-lease"], "did you mean `beat-watch run --no-lease …`?"),
    (["--key-prefix", "shop:", "list"], "did you mean `beat-watch list --key-prefix …`?"),
    // Other programs' words for the same command.
    (["delete", "a"], "did you mean `beat-watch rm`?"), (["remove", "a"], "did you mean `beat-watch rm`?"),
    (["add", "a"], "did you mean `beat-watch set`?"), (["create"], "did you mean `beat-watch set`?"),
    (["DELETE"], "did you mean `beat-watch rm`?"), (["help", "delete"], "did you mean `beat-watch help rm`?"),
    (["version"], "did you mean `beat-watch --version`?"),
    (["help", "version"], "did you mean `beat-watch --version`?"),
    (["get", "a"], "did you mean `beat-watch show`?"), (["validate"], "did you mean `beat-watch lint`?"),
    (["start"], "did you mean `beat-watch run`?"), (["mv", "a", "b"], "did you mean `beat-watch rename`?"),
    // Values that look like options.
    (["list", "--due-within", "-5s"], "--due-within: -5s is negative, and must be positive"),
    (["run", "--audit-interval", "-1"], "--audit-interval: -1 is negative, and must be 0 or more"),
    (["set", "a", "--priority", "-1"], "--priority: -1 is negative, and must be 0 or more"),
    (["set", "a", "--priority=-1"], "--priority: -1 is negative, and must be 0 or more"),
    (["set", "a", "--max-run-count", "-1"], "--max-run-count: -1 is negative, and must be 0 or more"),
    (["set", "a", "--max-run-count=-1"], "--max-run-count: -1 is negative, and must be 0 or more"),
    (["next", "-", "--count", "-3"], "--count: -3 is negative, and must be positive"),
    (["set", "a", "--task", "t", "--every", "-5m"], "--every: -5m is negative, and must be positive"),
    (["set", "a", "--task", "t", "--every", "1h", "--jitter", "-.5s"], "--jitter: -.5s is negative"),
    (["list", "--timezone", "-5"], "--timezone: a text that begins with - is written --timezone=-5"),
    (["list", "--due-within=-5s"], "--due-within: -5s is negative, and must be positive"),
    (["list", "--due-within", "--json"], "Missing value for '--due-within"),
    (["list", "--due-within"], "Missing value for '--due-within"),
    // Errors that the argument parser reports.
    (["list", "--stor-url", "redis://x/0"], "did you mean `--store-url`?"),
    (["status", "--jsn"], "did you mean `--json`?"), (["ls", "--sotr", "next"], "did you mean `--sort`?"),
    (["set", "a", "--corn", "* * * * *"], "did you mean `--cron`?"),
    // Words that are near to no word that exists.
    (["set", "a", "--foo"], "set has no option --foo: `beat-watch help set` shows those that it has"),
    (["fire", "a", "--nonsense=1"], "fire has no option --nonsense: `beat-watch help fire` shows"),
    (["ls", "--xyzzy"], "`beat-watch help list` shows"), (["run", "-x"], "`beat-watch help run` shows"),
  ]

  @Test(arguments: slips) func slip(_ arguments: [String], _ meant: String) throws {
    let stage = try Stage()
    let run = try stage.run(arguments)
    #expect(run.exit == .status(64), "\(run.text)")
    #expect(run.lines.count == 1 && run.text.hasPrefix("beat-watch: ") && run.text.contains(meant), "\(run.text)")
  }

  /// Without a command it prints the help and fails: a service whose command line was cut short must not seem to have
  /// done its work.
  @Test func aloneItShowsHelp() throws {
    let stage = try Stage()
    stage.set("a", schedule("a", atOnce))
    let run = try stage.run([])
    #expect(run.exit == .status(64))
    #expect(run.lines.first?.hasPrefix("OVERVIEW: ") == true && run.text.contains("beat-watch run"), "\(run.text)")
    #expect(run.lines.contains { $0.hasPrefix("beat-watch: ") && $0.contains("`beat-watch run`") })
    #expect(stage.messages().isEmpty && stage.watermark("a") == nil)
  }

  /// A long argument is repeated in the error only as far as a user needs to recognise it.
  @Test(arguments: [
    ["set", "a", "--priority", long], ["set", "a", "--priority=\(long)"], ["set", "a", "--max-run-count", long],
    ["set", "a", "--every", long], ["set", "a", "--every", "-5\(long)"], ["set", "a", "--jitter=\(long)"],
    ["set", "a", "--at", long], ["set", "a", "--cron", long], ["set", "a", "--catchup", long],
    ["set", "a", "--catchup=\(long)"], ["set", "a", "--unset", long], ["set", long], ["set", long, "--every", "5m"],
    ["show", long], ["next", long], ["fire", long], ["fire", "a", "--timeout", long], ["history", "--since", long],
    ["explain", "a", "--at", long], ["list", "--sort", long], ["list", "--due-within", long], ["list", "\(long)*"],
    ["import", "-", "--format", long], ["show", "a", long],
  ])
  func isCut(_ arguments: [String]) throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    let run = try stage.run(arguments)
    #expect(run.exit == .status(64) || run.exit == .status(66), "\(run.text)")
    #expect(run.lines.count == 1 && run.text.contains("…") && run.text.utf8.count < 500, "\(run.text)")
  }

  private static let long = String(repeating: "x", count: 900)

  /// A URL in the wrong place may hold a password.
  @Test(arguments: [
    ["redis://:sesame@x/0"], ["--store=redis://:sesame@x/0"], ["--store-url=redis://:sesame@x/0"],
    ["run", "redis://:sesame@x/0"], ["list", "--redis://:sesame@x/0"], ["help", "redis://:sesame@x/0"],
    ["redis+socket://sesame@/tmp/x", "list"], ["set", "a", "--priority=redis://:sesame@x/0"],
  ])
  func noPasswordIsShown(_ arguments: [String]) throws {
    let run = try CommandRun(arguments)
    #expect(!run.text.contains("sesame"), "\(run.text)")
    #expect(run.exit == .status(64) || arguments[0] == "list", "\(run.text)")
  }

  @Test func whatIsRightIsParsed() {
    for arguments in [
      ["run"], ["ls"], ["list", "--stor-url"], ["help"], ["help", "list"], ["--help"], ["-h"], ["--version"],
      ["--generate-completion-script", "bash"], ["--generate-completion-script=zsh"], ["help", "--help"],
      ["help", "help"],
    ] {
      #expect(CommandWord.ours.verdict(on: ["beat-watch"] + arguments) == .parse, "\(arguments)")
    }
    #expect(Self.verdict() == .help)
  }

  @Test func synonymsMeanCommands() {
    let ours = CommandWord.ours
    for (word, command) in CommandWord.synonyms {
      #expect(
        ours.commands.contains(command) && !ours.commands.contains(word) && !ours.aliases.contains(word), "\(word)")
    }
  }

  @Test func helpHasHelp() throws {
    let run = try CommandRun(["help", "help"])
    #expect(run.exit == .status(0) && run.text.contains("USAGE: beat-watch help"), "\(run.text)")
  }

  /// The runtime reads the arguments from /proc. Without it even the program's name is missing.
  @Test func unreadableArgumentsAreRefused() {
    guard case .refuse(71, let text) = CommandWord.ours.verdict(on: []) else {
      Issue.record("it was not refused")
      return
    }
    #expect(text.contains("/proc"))
  }

  /// The program itself does the same, in a mount namespace without /proc.
  @Test(.enabled(if: mayUnshare, "unshare --mount is not allowed here"), arguments: [["--version"], ["run"], []])
  func withoutProc(_ arguments: [String]) throws {
    let stage = try Stage()
    stage.set("a", schedule("a", atOnce))
    let hidden = "mount -t tmpfs none /proc && exec \"$@\""
    let run = try CommandRun(
      arguments,
      program: [commandPath("unshare"), "--mount", "--", "/bin/sh", "-c", hidden, "sh", ProjectFolder.beatWatch()],
      environment: stage.environment().merging(["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]) { $1 })
    #expect(run.exit == .status(71) && run.lines.count == 1 && run.text.contains("/proc"), "\(run.text)")
    #expect(stage.messages().isEmpty && stage.watermark("a") == nil)
  }

  /// Shells complete the command as the first word, and behind it the command's options.
  @Test(arguments: ["bash", "zsh", "fish"]) func completion(_ shell: String) throws {
    let run = try CommandRun(["--generate-completion-script", shell])
    #expect(run.exit == .status(0) && run.text.contains("status") && run.text.contains("explain"))
  }
}
