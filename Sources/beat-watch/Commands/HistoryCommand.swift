import ArgumentParser
import BeatCore
import ReactiveBeat

/// `beat-watch history`: shows the fires of the past.
struct HistoryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history",
    abstract: "Shows what was fired: when, how late, and why.",
    discussion: """
      The oldest first, times in UTC by Redis' clock. Schedules that are gone have a history, too. Why: schedule; \
      catch-up, it had been missed; immediate, run_immediately; queue, its queue could not take it before; manual, \
      somebody asked for it.

      --edits shows the edits that beat-watch's commands have recorded: who, from where, what, and the beginnings of the \
      documents' SHA-1 before and after.

      Ends with status 66 if a name stands neither in the history nor in the store.
      """)

  @Argument(help: "Schedules, as names or globs. (default: all)", completion: .scheduleNames)
  var names: [String] = []

  @Option(help: "Only what was fired since a time in ISO 8601, or so long ago: 90s, 15m, 1h, 2d.")
  var since: String?

  @Option(help: "The newest so many, 1 to 1000000. (default: 20, with --since all)")
  var count: Int?

  @Flag(help: "Stays, and shows what is fired from now on, too.")
  var follow = false

  @Flag(help: "What clients recorded of their edits: who, from where, what.")
  var edits = false

  @Flag(help: "A JSON array; with --follow or --edits one object a line.")
  var json = false

  @OptionGroup var store: StoreOptions

  func run() throws {
    if let count, !(1...1_000_000).contains(count) {
      throw ValidationError("--count: \(count) is not in 1 to 1000000")
    }
    if edits, follow { throw ValidationError("--edits shows what is recorded so far, and does not go with --follow") }
    let client = try store.connect()
    let start = try since.map { try TimeArgument.past("--since", $0, now: client.time()) }
    let patterns = names.map { NamePattern($0) }
    func isNamed(_ name: EntryName) -> Bool {
      patterns.isEmpty || patterns.contains { $0.literal == name || $0.matches(name) }
    }
    func isWanted(_ record: FireRecord) -> Bool { isNamed(record.name) }
    if edits { return try showEdits(client, since: start, patterns, isNamed) }

    // The history's end is read before its runs, so that no run falls between the two.
    let place = follow ? try client.historyEnd() : nil
    let limit = count ?? (start == nil ? 20 : .max)
    var runs: [FireRecord] = []
    try client.walkHistory(since: start, upTo: place) { run in
      if isWanted(run) { runs.append(run) }
      return runs.count < limit
    }
    if runs.isEmpty, !follow { try checkNames(patterns, client) }
    runs.reverse()

    var output = StandardOutput()
    if json, !follow {
      output.put(list: runs.map { Self.object($0) })
      return output.flush()
    }
    var lines = HistoryLines()
    func put(_ records: [FireRecord]) {
      if json {
        for record in records { output.put(Self.object(record).line) }
      } else {
        lines.write(records, to: &output)
      }
      output.flush()
    }
    put(runs)
    guard var place else { return }
    while true { put(try client.runs(after: &place).filter(isWanted)) }
  }

  /// An edit of many schedules at once is shown whatever is asked for: it may have changed any of them.
  private func showEdits(
    _ client: any StoreInspector, since start: UnixTime?, _ patterns: [NamePattern], _ isNamed: (EntryName) -> Bool
  ) throws {
    let limit = count ?? (start == nil ? 20 : .max)
    var edits: [EditRecord] = []
    try client.walkEdits(since: start) { edit in
      if edit.name.map(isNamed) ?? true || edit.newName.map(isNamed) ?? false { edits.append(edit) }
      return edits.count < limit
    }
    if edits.isEmpty { try checkNames(patterns, client, "no edit is recorded") }
    edits.reverse()
    var output = StandardOutput()
    if json {
      for edit in edits { output.put(EditLines.object(edit).line) }
    } else {
      EditLines.write(edits, to: &output)
    }
    output.flush()
  }

  /// Nothing was found. Throws if there is no such schedule; otherwise says that the history holds nothing of it.
  ///
  /// - Parameter nothing: what is said where no name was given.
  private func checkNames(
    _ patterns: [NamePattern], _ client: any StoreInspector,
    _ nothing: String = "nothing was fired yet, or the daemons keep no history (--history 0)"
  ) throws {
    for pattern in patterns where !pattern.isGlob {
      if try client.document(pattern.literal).isAbsent { throw ScheduleSelection.missing(pattern, in: client) }
    }
    let text = patterns.isEmpty ? nothing : "nothing found"
    if StandardOutput.isTerminal { StandardError.write(line: "beat-watch: \(text)") }
  }

  static func object(_ record: FireRecord) -> JSONOutput { .object(members(record)) }

  static func members(_ record: FireRecord) -> [(String, JSONOutput)] {
    [
      ("at", .text(record.firedAt.iso8601)), ("name", .text(record.name.description)),
      ("due", .text(record.due.iso8601)), ("late_ms", .raw(Array(TimeText.milliseconds(record.late).utf8))),
      ("why", .text(record.reason)), ("id", .text(record.taskID)),
    ]
  }
}
