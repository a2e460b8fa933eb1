import ArgumentParser
import BeatCore
import ReactiveBeat

/// `beat-watch watch`: shows what happens, as it happens.
struct WatchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Shows what comes next, what is fired, and which edits are heard, as it happens.",
    discussion: """
      On a terminal a view that renews itself: it is told what happens and asks for nothing twice. Through a pipe one \
      line for each thing that happens; with --json one object a line, with "event": watching, fired, edited, removed, \
      leading, nobody, disconnected or reconnected.

      A terminal needs 14 rows. Ends with q or Ctrl-C, and status 0; with 69 if Redis cannot be reached at the start. \
      Later it is waited for.
      """)

  @Argument(help: "Schedules, as names or globs. (default: all)", completion: .scheduleNames)
  var names: [String] = []

  @Option(help: "How many of the next runs to show, 1 to 1000.")
  var count = 20

  @Flag(help: "One JSON object a line, on a terminal, too.")
  var json = false

  @OptionGroup var store: StoreOptions

  func run() throws {
    guard (1...1000).contains(count) else { throw ValidationError("--count: \(count) is not in 1 to 1000") }
    let patterns = names.map { NamePattern($0) }
    let isBoard = StandardOutput.isTerminal && !json
    let view: any WatchView = isBoard ? WatchBoard(count: count) as any WatchView : WatchLines(asJSON: json)
    let given = try store.documents()
    let session = try WatchSession(
      try store.store(), prefix: EntryName(try store.place()), context: given, patterns: patterns, view: view
    ) { [store] client in try store.documents(given, on: client) }
    try session.run { [store] loop in try store.connect(on: loop) }
  }
}
