import ArgumentParser
import BeatCore

/// What the first word of a command line asks for. It is looked at before the line is parsed. So nothing but `run`
/// starts a daemon, and the error for a mistyped command names the command that was probably meant.
struct CommandWord {
  enum Verdict: Equatable {
    /// The line is for the parser.
    case parse
    /// The line has no word: it asks for the help text.
    case help
    case refuse(Int32, String)
  }

  let commands: [String]
  /// Other names of the commands.
  let aliases: [String]
  /// The long names of the root's options and of those of `run`, with their dashes. They are asked for only after a
  /// mistyped option, since they are taken from help texts.
  let options: () -> (root: [String], run: [String])

  /// - Parameter arguments: all arguments of the process, the program's name first.
  func verdict(on arguments: [String]) -> Verdict {
    // The Swift runtime reads the arguments from /proc/self/cmdline.
    guard !arguments.isEmpty else {
      return .refuse(
        ExitCode.system.rawValue,
        "its arguments cannot be read: /proc must be mounted. Without them it does nothing, and starts no daemon")
    }
    guard let word = arguments.dropFirst().first else { return .help }
    // The shells' completion scripts ask for names by this word.
    if word == "---completion" { return .parse }
    if word.hasPrefix("-") { return option(word, followedBy: arguments.dropFirst(2)) }
    if word == "help" {
      guard let topic = arguments.dropFirst(2).first, !topic.hasPrefix("-") else { return .parse }
      return command(topic, "beat-watch help ")
    }
    return command(word, "beat-watch ")
  }

  private func command(_ word: String, _ line: String) -> Verdict {
    if commands.contains(word) || aliases.contains(word) || word == "help" { return .parse }
    // A URL may hold a password.
    if word.contains("://") { return usage("a URL is no command: it belongs behind --store-url or --broker-url", []) }
    let text = "there is no command \(Self.quoted(word))"
    if word.lowercased() == "version" { return usage(text, ["beat-watch --version"]) }
    let meant = Self.synonyms[word.lowercased()].map { [$0] } ?? NearMiss.words(for: word, among: commands)
    return usage(text, meant.map { line + $0 })
  }

  /// The commands of this program, by the names that other programs give to such commands.
  static let synonyms = [
    "delete": "rm", "del": "rm", "remove": "rm", "add": "set", "create": "set", "new": "set", "update": "set",
    "put": "set", "get": "show", "cat": "show", "mv": "rename", "move": "rename", "start": "run", "serve": "web",
    "ui": "web", "dashboard": "web", "http": "web",
    "login": "token",
    "daemon": "run", "beat": "run", "trigger": "fire", "send": "fire", "check": "lint", "validate": "lint",
    "logs": "history", "log": "history", "why": "explain", "dump": "export", "load": "import", "pause": "disable",
    "resume": "enable", "health": "status", "info": "status", "top": "watch",
  ]

  private func option(_ word: String, followedBy rest: ArraySlice<String>) -> Verdict {
    // The value behind `=` may be a password, so it is cut off.
    let name = String(word.prefix { $0 != "=" })
    if name == "-h" { return .parse }
    let (rootOptions, runOptions) = options()
    if rootOptions.contains(name) { return .parse }
    let command = rest.first { commands.contains($0) } ?? "run"
    if runOptions.contains(name) {
      return usage("a command comes before \(name)", ["beat-watch \(command) \(name) …"])
    }
    let root = Self.near(name, rootOptions).map { "beat-watch \($0)" }
    let run = Self.near(name, runOptions).map { "beat-watch \(command) \($0) …" }
    return usage("there is no option \(Self.quoted(name))", root.isEmpty ? run : root)
  }

  /// The options that were probably meant, by the same measure as for commands. Their dashes are not compared.
  static func near(_ name: String, _ options: [String]) -> [String] {
    func word(_ option: String) -> String { String(option.drop { $0 == "-" }) }
    let near = NearMiss.words(for: word(name), among: options.map(word))
    var found: [String] = []
    for option in options where near.contains(word(option)) && !found.contains(option) { found.append(option) }
    return found
  }

  /// The text for an option that a command does not have, or nil if the parser's text is about something else. It
  /// replaces the parser's own suggestion, which may be any word.
  ///
  /// - Parameter command: the command's name or one of its aliases.
  static func unknownOption(_ text: String, of command: String) -> String? {
    let beginning = "Unknown option '"
    guard text.hasPrefix(beginning),
      let type = BeatWatch.configuration.subcommands.first(where: {
        $0.configuration.commandName == command || $0.configuration.aliases.contains(command)
      })
    else { return nil }
    let name = String(text.dropFirst(beginning.count).prefix { $0 != "'" && $0 != "=" })
    let near = near(name, options(BeatWatch.helpMessage(for: type, columns: 200))).prefix(3).map { "`\($0)`" }
    let help = "`beat-watch help \(type.configuration.commandName ?? command)`"
    return "\(command) has no option \(quoted(name)): "
      + (near.isEmpty ? "\(help) shows those that it has" : "did you mean \(near.joined(separator: " or "))?")
  }

  /// The text for a negative number, which the parser takes for another option; nil: the parser's text is about
  /// something else.
  static func negativeValue(_ text: String, in arguments: [String]) -> String? {
    let beginning = "Missing value for '"
    guard text.hasPrefix(beginning) else { return nil }
    let option = String(text.dropFirst(beginning.count).prefix { $0 != "'" && $0 != " " })
    guard let place = arguments.firstIndex(of: option), let value = arguments.dropFirst(place + 1).first,
      isNegative(value)
    else { return nil }
    return amounts.contains(option)
      ? negative(option, quoted(value))
      : "\(option): a text that begins with - is written \(option)=\(quoted(value))"
  }

  /// The text for a negative number where none is allowed.
  static func negative(_ option: String, _ value: String) -> String {
    "\(option): \(value) is negative, and must be \(amountsFromZero.contains(option) ? "0 or more" : "positive")"
  }

  /// The options among `amounts` that may be 0, which means none, at once, or no limit.
  private static let amountsFromZero: Set<String> = [
    "--priority", "--max-run-count", "--jitter", "--catchup-window", "--audit-interval", "--history",
    "--metrics-per-schedule",
  ]

  /// Options that take a length of time or a number; the value of any other may begin with a dash.
  private static let amounts: Set<String> = [
    "--every", "--expires", "--time-limit", "--soft-time-limit", "--catchup-window", "--jitter", "--max-run-count",
    "--priority", "--count", "--timeout", "--since", "--due-within", "--lease-ttl", "--poll-interval",
    "--audit-interval", "--outbox-limit", "--history", "--max-rate", "--shortest-interval", "--metrics-per-schedule",
  ]

  /// Whether a value is a negative number, such as `-5s`, `-1` or `-.5`.
  static func isNegative(_ value: String) -> Bool {
    guard value.first == "-" else { return false }
    return value.dropFirst().first { $0 != "." }?.isWholeNumber ?? false
  }

  private func usage(_ text: String, _ meant: [String]) -> Verdict {
    let advice =
      meant.isEmpty
      ? "`beat-watch --help` shows the commands"
      : "did you mean \(meant.prefix(3).map { "`\($0)`" }.joined(separator: " or "))?"
    return .refuse(ExitCode.usage.rawValue, "\(text): \(advice)")
  }

  private static func quoted(_ word: String) -> String {
    word.contains("://") ? "of that name" : Cut.argument(word)
  }
}

extension CommandWord {
  /// Whether all arguments are UTF-8. The runtime puts U+FFFD in the place of other bytes, so that they must be checked
  /// as the system gave them.
  static func areText(_ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>, _ count: Int32) -> Bool {
    (0..<Int(count)).allSatisfy { index in arguments[index].map { String(validatingCString: $0) != nil } ?? true }
  }

  /// The words of this program.
  static var ours: CommandWord {
    let commands = BeatWatch.configuration.subcommands.map { $0.configuration }
    return CommandWord(
      commands: commands.compactMap(\.commandName), aliases: commands.flatMap(\.aliases),
      options: {
        (
          options(BeatWatch.helpMessage(columns: 200))
            + ["--help-hidden", "--generate-completion-script", "--experimental-dump-help"],
          options(RunCommand.helpMessage(columns: 200))
        )
      })
  }

  /// The long options that a help text lists, each at the beginning of a line.
  fileprivate static func options(_ help: String) -> [String] {
    help.split(separator: "\n").flatMap { line in
      line.split(separator: "  ", maxSplits: 1).first?.split { " ,/=".contains($0) } ?? []
    }.filter { $0.hasPrefix("--") }.map(String.init)
  }
}
