@testable import BeatCore
@testable import ReactiveBeat

extension Stage {
  /// Runs `beat-watch` with the settings of this stage.
  func run(
    _ arguments: String..., input: String = "", environment: [String: String] = [:], user: String = ""
  ) throws -> CommandRun {
    try run(arguments, input: input, environment: environment, user: user)
  }

  func run(
    _ arguments: [String], input: String = "", environment: [String: String] = [:], user: String = ""
  ) throws -> CommandRun {
    try CommandRun(
      arguments, input: input, environment: commandEnvironment(user: user).merging(environment) { $1 })
  }

  /// Runs it as for a user at a terminal.
  func start(
    _ arguments: String..., at terminal: PseudoTerminal, environment: [String: String] = [:]
  ) throws -> ChildProcess {
    try ChildProcess(
      [ProjectFolder.beatWatch()] + arguments, environment: commandEnvironment().merging(environment) { $1 },
      output: terminal.program, input: terminal.program)
  }

  private func commandEnvironment(user: String = "") -> [String: String] {
    Daemon.surroundings.merging(self.environment(user: user)) { $1 }
  }

  /// The number of keys under the prefix.
  var documentCount: Int { store("KEYS", prefix + "*")?.array?.count ?? 0 }

  func exists(_ name: String) -> Bool { store("EXISTS", key(name))?.integer == 1 }
}

extension CommandRun {
  var text: String { lines.joined(separator: "\n") }
  /// The printed text, read as JSON.
  var json: JSONValue? { JSONValue(Array(text.utf8)) }
}
