import Glibc

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
    var variables = self.environment(user: user)
    for name in ["PATH", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "TSAN_OPTIONS", "TZDIR"] {
      if let value = getenv(name) { variables[name] = String(cString: value) }
    }
    return try CommandRun(arguments, input: input, environment: variables.merging(environment) { $1 })
  }

  func exists(_ name: String) -> Bool { store("EXISTS", key(name))?.integer == 1 }
}

extension CommandRun {
  var text: String { lines.joined(separator: "\n") }
  /// What was printed with `--json`.
  var json: JSONValue? { JSONValue(Array(text.utf8)) }
}
