import ArgumentParser
import BeatCore
import Glibc
import ReactiveBeat

/// The command line. Only `beat-watch run` starts a daemon.
@main struct BeatWatch: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "beat-watch",
    abstract: "Runs Celery's periodic tasks from schedule documents in Redis, and hears every edit at once.",
    discussion: """
      Statuses of all commands: 0 done, 64 no command, or a wrong option, URL, zone or name, 69 Redis is not \
      reachable or does not answer, 71 its arguments cannot be read, 74 what is printed cannot be written, 75 Redis is \
      not ready yet, 77 Redis does not let this user in or do that, 78 Redis must be set up otherwise first (a replica, \
      no memory, another Redis type). The help of each says what else it ends with.
      """,
    version: BeatDaemon.version,
    subcommands: [
      RunCommand.self, NextCommand.self, ListCommand.self, ShowCommand.self, SetCommand.self,
      EnableCommand.self, DisableCommand.self, RemoveCommand.self, RenameCommand.self,
      EditCommand.self, LintCommand.self,
      ImportCommand.self, ExportCommand.self,
      HistoryCommand.self, FireCommand.self, StatusCommand.self, DoctorCommand.self, ExplainCommand.self,
      WatchCommand.self, WebCommand.self, TokenCommand.self,
    ])

  /// The entry point. Each error is one line on stderr; the exit statuses are those of sysexits.h.
  static func main() {
    let arguments = CommandLine.arguments
    guard CommandWord.areText(CommandLine.unsafeArgv, CommandLine.argc) else {
      // The runtime has replaced the invalid bytes, so that the argument would name another schedule.
      fail(
        ExitCode.usage.rawValue,
        #"an argument is not UTF-8: write such bytes of a name as they are printed, each as \xff"#)
    }
    switch CommandWord.ours.verdict(on: arguments) {
    case .parse: break
    case .help:
      // A missing command is a failure: a service whose command line was cut short must not look as if it had done its
      // work.
      var output = StandardOutput()
      output.put(helpMessage())
      output.flush()
      fail(ExitCode.usage.rawValue, "name a command, such as `beat-watch run`, the daemon")
    case .refuse(let status, let text): fail(status, text)
    }
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      var status = exitCode(for: error)
      guard !status.isSuccess else { exit(withError: error) }
      if !(error is ExitCode) {
        var text = message(for: error)
        // The parser quotes the arguments that it cannot use. A URL among them may hold a password, and other text may
        // be of any length.
        for argument in arguments where !(error is ValidationError) {
          for typed in [argument, String(argument.drop { $0 != "=" }.dropFirst())] where !typed.isEmpty {
            if typed.contains("://") { text = text.replacing(typed, with: "a URL") }
            let cut = Cut.end(typed, to: Cut.argumentWidth)
            if cut != typed { text = text.replacing(typed, with: cut) }
          }
        }
        if let word = arguments.dropFirst().first, let better = CommandWord.unknownOption(text, of: word) {
          text = better
        }
        text = CommandWord.negativeValue(text, in: arguments) ?? text
        if let error = CommandError.of(error) { (status, text) = (error.status, error.description) }
        if let error = error as? StoreError { (status, text) = (error.exitStatus, error.message) }
        if let error = error as? EventLoopError { (status, text) = (.system, error.description) }
        fail(status.rawValue, text)
      }
      Glibc.exit(status.rawValue)
    }
  }

  private static func fail(_ status: Int32, _ text: String) -> Never {
    StandardError.write(line: "beat-watch: \(text.split(separator: "\n").joined(separator: " "))")
    Glibc.exit(status)
  }
}
