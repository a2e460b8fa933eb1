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

    // The stream's end is read before its entries, so that no entry falls between the two.
    var place = follow ? try client.historyEnd() : ""
    let limit = count ?? (start == nil ? 20 : .max)
    var entries: [HistoryEntry] = []
    try client.walkHistory(since: start) { entry in
      if isWanted(entry.record), !follow || Self.isAtOrBefore(entry.id, place) { entries.append(entry) }
      return entries.count < limit
    }
    if entries.isEmpty, !follow { try checkNames(patterns, client) }
    entries.reverse()

    var output = StandardOutput()
    if json, !follow {
      output.put(list: entries.map { Self.object($0.record) })
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
    put(entries.map(\.record))
    while follow { put(try client.history(after: &place).map(\.record).filter(isWanted)) }
  }

  /// Nothing was found. Throws if there is no such schedule; otherwise says that the history holds no fire of it.
  private func checkNames(_ patterns: [NamePattern], _ client: StoreClient) throws {
    for pattern in patterns where !pattern.isGlob {
      if try client.document(pattern.literal).isAbsent { throw ScheduleSelection.missing(pattern, in: client) }
    }
    let text =
      patterns.isEmpty ? "nothing was fired yet, or the daemons keep no history (--history 0)" : "nothing found"
    if StandardOutput.isTerminal { StandardError.write(line: "beat-watch: \(text)") }
  }

  /// Whether the stream entry `id` is at `place` or before it.
  private static func isAtOrBefore(_ id: String, _ place: String) -> Bool {
    func parts(_ id: String) -> (UInt64, UInt64) {
      let numbers = id.split(separator: "-").map { UInt64($0) ?? 0 }
      return (numbers.first ?? 0, numbers.count > 1 ? numbers[1] : 0)
    }
    return parts(id) <= parts(place)
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
