import ArgumentParser
import BeatCore
import ReactiveBeat

/// `beat-watch set`: makes a schedule, or changes single fields of one.
struct SetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set",
    abstract: "Makes a schedule, or changes fields of one.",
    discussion: """
      Only what is named changes; every other byte of the document stays. It is stored only in the place of the bytes \
      that were read, so that nobody's edit of the same moment is lost.

        beat-watch set hello --task tasks.greet \\
          --every 5m --args '["world"]'
        beat-watch set report --cron '30 2 * * mon-fri' \\
          --timezone Europe/Berlin --dry-run
        beat-watch set report --disabled

      --document takes a whole document, from a file or from standard input: it is checked as `edit` does, and takes the \
      place of the one that is there. last_run_at and total_run_count stay, unless it names them.

        beat-watch show --raw hello | jq '.args = ["you"]' | \\
          beat-watch set hello --document -

      --timezone is written into the document, and dates without an offset are times of its clock. With --dry-run nothing is stored: it shows what would change, and the \
      next runs.

      Ends with status 65 if the document would be one that cannot be used, 66 if there is none and --task or the \
      schedule is missing, or no such file, 75 if somebody else changed the same fields meanwhile.
      """)

  @Argument(help: "Its name: the key without the prefix.", completion: .scheduleNames)
  var name: String

  @Option(
    help: ArgumentHelp("The whole document: a file, or - for standard input.", valueName: "file"), completion: .file())
  var document: String?

  @OptionGroup(title: "Fields") var fields: DocumentFieldOptions

  @Flag(help: "Store nothing, and show what would change.")
  var dryRun = false

  @Flag(help: "One JSON object.")
  var json = false

  @OptionGroup(title: "Where") var store: StoreOptions

  func run() throws {
    let given = try store.documents()
    let changes = try fields.changes(timezone: store.timezone, clock: store.timezone.map { _ in given.defaultZone })
    guard changes.isEmpty == (document != nil) else {
      throw ValidationError(
        document == nil
          ? "set \(Cut.argument(name)): name a field to change, such as --every 5m"
          : "--document is the whole document: write the other fields into it")
    }
    let text = try document.map { try Self.read($0) }
    let client = try store.connect()
    let context = try store.documents(given, on: client)
    let entry = try ScheduleSelection.newName(name, in: client)
    let change: ScheduleChange
    if let text {
      try EditCommand.check(text, entry, context)
      change = try ScheduleChange.replace(entry, by: text, in: client, context: context, isDry: dryRun)
    } else {
      change = try ScheduleChange.make(
        entry, in: client, context: context, fields: changes.touched, mayMake: true, isDry: dryRun
      ) { try changes.apply(to: &$0, name: entry) }
    }
    var trail = EditTrail()
    trail.add(change, isDry: dryRun)
    trail.write(to: client)
    let report = try ChangeReport(change, in: client, context: context, isDry: dryRun)
    var output = StandardOutput()
    if json { output.put(report.json().line) } else { report.write(to: &output, count: 5) }
    output.flush()
    HealthNote.write(client)
    if change.isNew { HealthNote.writePrefixDoubt(client) }
  }

  /// Reads a file, without the end of its last line, which editors and shells add.
  private static func read(_ file: String) throws -> [UInt8] {
    var text: [UInt8]
    do { text = try InputFile.read(file) } catch let error as ValidationError {
      throw CommandError(.missing, error.message)
    }
    if text.last == UInt8(ascii: "\n") { text.removeLast() }
    return text
  }
}
