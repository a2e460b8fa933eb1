import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// Each command that the README and the pages on the command line show succeeds, or fails as shown.
@Suite struct DocumentedCommandTests {
  /// Commands that do not end by themselves, write outside of the test's folder, or need an application of the user's.
  private static let skipped = [
    "beat-watch run", "beat-watch watch", "beat-watch web", "--follow", "completion-script", "--celery-app",
  ]
  /// Commands that are shown for their failure, and those that find something to report about this stage.
  private static let others: [String: Int32] = [
    "beat-watch statsu": 64, "beat-watch --store-url redis://localhost:6379/1": 64, "beat-watch doctor": 1,
  ]

  private static func commands(_ page: String) throws -> [String] {
    let text = try DocumentedLines.text(page).replacing("\\\n", with: " ")
    let shown = DocumentedLines.blocks("console", in: text).flatMap { $0.split(separator: "\n") }
      .filter { $0.hasPrefix("$ ") }.map { String($0.dropFirst(2)) }
    let pasted = DocumentedLines.blocks("sh", in: text).flatMap { $0.split(separator: "\n") }.map(String.init)
      .filter { $0.hasPrefix("beat-watch ") || $0.hasPrefix("echo ") }
    return (shown + pasted).filter { command in
      command.contains("beat-watch ") && !skipped.contains { command.contains($0) }
    }
  }

  @Test(
    .enabled(if: (try? commandPath("jq")) != nil, "jq is not here"),
    arguments: [("README.md", 4), ("docs/command-line.md", 15), ("docs/command-line-runs.md", 8)])
  func all(_ page: String, _ least: Int) throws {
    let stage = try Stage()
    stage.set("broken", #"{"name": "b", "task": "t", "enabled": true, "interval": {"every": 5, "period": "minuts"}}"#)
    let args = #", "args": ["world"]"#
    for name in ["hello", "nightly", "report", "tenant-7-sync", "tick"] { stage.set(name, schedule(name, args)) }
    let daemon = try stage.daemon()
    let folder = stage.server.folder
    for line in ["mkdir \(folder)/schedules", "echo '\(schedule("x"))' >\(folder)/schedules/x.json"] {
      #expect(try CommandRun(["-c", line], program: ["/bin/sh"]).exit == .status(0))
    }
    let program = try ProjectFolder.beatWatch()
    let path = String(program.dropLast("beat-watch".count)) + ":/usr/bin:/bin"
    let commands = try Self.commands(page)
    #expect(commands.count >= least, "\(commands)")
    for command in commands {
      // There is no terminal, so no user can answer the question.
      let line = command.contains("beat-watch rm ") ? command + " --yes" : command
      let environment = stage.environment().merging(["PATH": path, "EDITOR": "sed -i s/minuts/minutes/"]) { $1 }
      let run = try CommandRun(["-c", "cd \(folder) && \(line)"], program: ["/bin/sh"], environment: environment)
      #expect(run.exit == .status(Self.others[command] ?? 0), "\(command)\n\(run.text)")
    }
    #expect(try CommandRun(["-r", "\(folder)/schedules"], program: ["/bin/rm"]).exit == .status(0))
    try daemon.stop()
  }
}
