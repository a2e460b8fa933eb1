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

  @Flag(help: "A JSON array; with --follow one object a line.")
  var json = false

  @OptionGroup var store: StoreOptions

  func run() throws {
    if let count, !(1...1_000_000).contains(count) {
      throw ValidationError("--count: \(count) is not in 1 to 1000000")
    }
    let client = try store.connect()
    let start = try since.map { try TimeArgument.past("--since", $0, now: client.time()) }
    let patterns = names.map { NamePattern($0) }
    func isWanted(_ record: FireRecord) -> Bool {
      patterns.isEmpty || patterns.contains { $0.literal == record.name || $0.matches(record.name) }
    }

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

  /// Nothing was found. Throws if there is no such schedule; otherwise says that the history holds no fire of it.
  private func checkNames(_ patterns: [NamePattern], _ client: any StoreInspector) throws {
    for pattern in patterns where !pattern.isGlob {
      if try client.document(pattern.literal).isAbsent { throw ScheduleSelection.missing(pattern, in: client) }
    }
    let text =
      patterns.isEmpty ? "nothing was fired yet, or the daemons keep no history (--history 0)" : "nothing found"
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
