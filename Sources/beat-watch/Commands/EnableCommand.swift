import ArgumentParser
import BeatCore
import ReactiveBeat

/// `beat-watch enable`: switches schedules on.
struct EnableCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enable",
    abstract: "Switches schedules on.",
    discussion: """
      Each runs at its next occurrence from now on; nothing overdue is made up for. \(SwitchOptions.statuses)
      """)

  @OptionGroup var options: SwitchOptions

  func run() throws { try options.run(enabled: true) }
}

/// `beat-watch disable`: switches schedules off.
struct DisableCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "disable",
    abstract: "Switches schedules off: they rest, and stay.",
    discussion: "\(SwitchOptions.statuses)")

  @OptionGroup var options: SwitchOptions

  func run() throws { try options.run(enabled: false) }
}

/// What both commands have in common.
struct SwitchOptions: ParsableArguments {
  static let statuses = """
    Only the field enabled changes. Ends with status 66 if a name or a glob means no schedule, 65 if a document is not \
    readable, 75 if somebody else has switched it meanwhile; the others are switched in these two cases, too.
    """

  @Argument(help: "Names, or globs as Redis understands them: * ? [a-c].", completion: .scheduleNames)
  var names: [String]

  @Flag(help: "Store nothing, and show what would change.")
  var dryRun = false

  @Flag(help: "One JSON array of objects.")
  var json = false

  @OptionGroup var store: StoreOptions

  func run(enabled: Bool) throws {
    let given = try store.documents()
    let client = try store.connect()
    let context = try store.documents(given, on: client)
    var batch = CommandBatch()
    var reports: [ChangeReport] = []
    let selected = try ScheduleSelection(names).names(in: client)
    var trail = EditTrail(enabled ? .enable : .disable)
    do {
      defer { trail.write(to: client) }
      for name in selected {
        try batch.attempt {
          let change = try ScheduleChange.make(
            name, in: client, context: context, fields: ["enabled"], mustBeUsable: false, isDry: dryRun
          ) { $0.set("enabled", to: "\(enabled)") }
          trail.add(change, isDry: dryRun)
          reports.append(try ChangeReport(change, in: client, context: context, isDry: dryRun))
        }
      }
    }
    var output = StandardOutput()
    if json {
      output.put(list: reports.map { $0.json(count: 1) })
    } else {
      for report in reports { report.write(to: &output, count: 1) }
    }
    output.flush()
    if enabled, !reports.isEmpty { HealthNote.write(client) }
    try batch.finish()
  }
}

/// Handles several schedules, one after the other. A failure of one schedule does not stop the others.
struct CommandBatch {
  private var failure: ExitCode?

  /// Prints and remembers an error of one schedule; any other error ends the command.
  mutating func attempt(_ work: () throws -> Void) throws {
    do { try work() } catch {
      guard let error = CommandError.of(error) else { throw error }
      StandardError.write(line: "beat-watch: \(error)")
      failure = failure ?? error.status
    }
  }

  /// Throws the status of the first error, if there was one.
  func finish() throws {
    if let failure { throw failure }
  }
}
