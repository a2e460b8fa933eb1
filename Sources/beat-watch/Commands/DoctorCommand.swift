import ArgumentParser
import BeatCore
import ReactiveBeat

/// `beat-watch doctor`: what is wrong with the installation, and how to repair it.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Looks at the whole installation and says what to change.",
    discussion: """
      From the store over the daemons and documents to the queues; each finding is ok, a warning or a problem, with the \
      command that mends it. Give it the settings of the daemon, its user included. It changes nothing; it writes \
      a heartbeat of nobody for a moment, to see whether it is heard.

      Ends with status 0 if there is no problem, 1 if there is one.
      """)

  @Flag(help: "One JSON object.")
  var json = false

  @OptionGroup var store: StoreOptions

  func run() throws {
    var findings: [Finding] = []
    let isJSON = json
    try Examination(store).run { finding in
      findings.append(finding)
      if !isJSON { Self.write(finding) }
    }
    let problems = findings.count { $0.level == .problem }
    let warnings = findings.count { $0.level == .warning }
    var output = StandardOutput()
    if json {
      output.put(
        JSONOutput.object([
          ("ok", .boolean(problems == 0)), ("problems", .integer(Int64(problems))),
          ("warnings", .integer(Int64(warnings))), ("findings", .list(findings.map(Self.object))),
        ]).line)
    } else {
      output.put("")
      let text = "\(Plural.of(problems, "problem")), \(Plural.of(warnings, "warning"))"
      output.put(problems > 0 ? Style.red(text) : warnings > 0 ? Style.yellow(text) : Style.green(text))
    }
    output.flush()
    if problems > 0 { throw ExitCode.found }
  }

  private static func object(_ finding: Finding) -> JSONOutput {
    .object([
      ("level", .text(finding.level.rawValue)), ("check", .text(finding.check)), ("text", .text(finding.text)),
      ("fix", .text(finding.fix)),
    ])
  }

  private static func write(_ finding: Finding) {
    let style: Style =
      switch finding.level {
      case .ok: .green
      case .warning: .yellow
      case .problem: .red
      }
    let level = finding.level.rawValue
    var output = StandardOutput()
    output.put(
      style(level) + String(repeating: " ", count: max(1, 9 - level.count)) + Style.faint("\(finding.check): ")
        + finding.text.printable, indent: 9)
    if let fix = finding.fix { output.put("         → \(fix.printable)", indent: 11) }
    output.flush()
  }
}
