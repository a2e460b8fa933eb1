import ArgumentParser
import Glibc
import ReactiveBeat

/// The command line: `beat-watch` alone is `beat-watch run`.
@main struct BeatWatch: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "beat-watch",
    abstract: "Runs Celery's periodic tasks from schedule documents in Redis, and hears every edit at once.",
    version: BeatService.version,
    subcommands: [RunCommand.self, NextCommand.self],
    defaultSubcommand: RunCommand.self)

  /// Errors are one line on stderr; statuses are those of sysexits.h.
  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      let status = exitCode(for: error)
      guard !status.isSuccess else { exit(withError: error) }
      if !(error is ExitCode) {
        let text = message(for: error).split(separator: "\n").joined(separator: " ")
        StandardError.write(line: "beat-watch: \(text)")
      }
      Glibc.exit(status.rawValue)
    }
  }
}

extension ExitCode {
  /// EX_USAGE: a wrong option, URL or zone.
  static let usage = ExitCode(64)
  /// EX_DATAERR: some of the input could not be used.
  static let data = ExitCode(65)
  /// EX_SOFTWARE: something that should not happen.
  static let software = ExitCode(70)
  /// EX_CONFIG: something must be changed, here or in Redis, before a start makes sense.
  static let configuration = ExitCode(78)
}
