import ArgumentParser
import BeatCore
import ReactiveBeat

/// `beat-watch list`: all schedules, and what runs next.
struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Shows schedules, and when each of them runs next.",
    discussion: """
      The next run is the one that a daemon would send: it is worked out by the same rules, from the document and from \
      what the daemons remember of it. A time that has passed is a run that was missed and is made up for as soon as a \
      daemon fires.

      What will run in the next hour, soonest first:
        beat-watch list --due-within 1h --sort next

      Times are UTC. Ends with status 66 if a name or a glob means no schedule.
      """,
    aliases: ["ls"])

  enum Order: String, ExpressibleByArgument, CaseIterable { case name, next, last, task }
  enum State: String, ExpressibleByArgument, CaseIterable { case enabled, disabled, finished, rejected }

  @Argument(help: "Names, or globs as Redis understands them: * ? [a-c]. (default: all)", completion: .scheduleNames)
  var names: [String] = []

  @Option(help: "Only schedules in this state: enabled, disabled, finished or rejected. May be given more than once.")
  var state: [State] = []

  @Option(help: "Only schedules whose task is this one; a glob.")
  var task: String?

  @Option(help: ArgumentHelp("Only schedules that run within this time, such as 90s, 15m, 1h, 2d.", valueName: "time"))
  var dueWithin: String?

  @Option(help: "By name, next, last or task.")
  var sort = Order.name

  @Flag(help: "One JSON array of objects.")
  var json = false

  @Flag(help: "Names only, one a line.")
  var namesOnly = false

  @OptionGroup var store: StoreOptions

  /// What is shown of a schedule, without its document and scheduler: of a hundred thousand all are in memory at once.
  fileprivate struct Row {
    let name: EntryName
    let label: String?
    let task: String?
    let schedule: Schedule?
    let zone: String?
    let state: ScheduleStanding.State
    let lastRun: UnixTime?
    let totalRunCount: Int64
    let next: ScheduleStanding.Occurrence?

    init(_ standing: ScheduleStanding, next: ScheduleStanding.Occurrence?) {
      name = standing.name
      label = standing.label
      task = standing.task
      schedule = standing.schedule
      zone = standing.zone?.name
      state = standing.state
      lastRun = standing.lastRun
      totalRunCount = standing.totalRunCount
      self.next = next
    }
  }

  func run() throws {
    let within = try dueWithin.map { try TimeSpan.microseconds($0, option: "--due-within") }
    let context = try store.documents()
    let client = try store.connect()
    let chosen = try names.isEmpty ? client.names() : ScheduleSelection(names).names(in: client)
    let now = try client.time()
    let pattern = task.map { NamePattern($0) }
    var rows: [Row] = []
    try client.eachDocument(chosen) { document in
      guard !document.isAbsent else { return }
      let standing = ScheduleStanding(document.name, document.read, context: context, now: now)
      if !state.isEmpty, !state.contains(where: { $0.rawValue == standing.state.word }) { return }
      if let pattern, !pattern.matches(Array((standing.task ?? "").utf8)[...]) { return }
      let next = standing.next
      if let within {
        guard let sent = next?.sent, sent <= now.advanced(by: within) else { return }
      }
      rows.append(Row(standing, next: next))
    }
    order(&rows)
    var output = StandardOutput()
    if namesOnly {
      for row in rows { output.put("\(row.name)") }
    } else if json {
      output.put(list: rows.map { Self.json($0) })
    } else {
      write(rows, now: now, to: &output)
    }
    output.flush()
  }

  private func order(_ rows: inout [Row]) {
    // What never comes stands last, whichever way is asked for; equals stay in the order of their names.
    switch sort {
    case .name: break
    case .next: Self.sort(&rows) { $0.next?.sent ?? .latest.advanced(by: 1) }
    case .last: Self.sort(&rows) { UnixTime(microseconds: -($0.lastRun ?? .earliest).microseconds) }
    case .task: Self.sort(&rows) { $0.task ?? "\u{10FFFF}" }
    }
  }

  private static func sort<Key: Comparable>(_ rows: inout [Row], by key: (Row) -> Key) {
    let keys = rows.map(key)
    rows = rows.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }.map { rows[$0] }
  }

  private static func json(_ row: Row) -> JSONOutput {
    .object(
      [
        ("name", .text("\(row.name)")),
        ("label", .text(row.label)),
        ("task", .text(row.task)),
        ("schedule", .text(row.schedule?.inWords)),
        ("timezone", .text(row.zone)),
        ("state", .text(row.state.word)),
        ("reason", .text(row.state.reason)),
        ("next", .text(row.next?.due.iso8601)),
        ("sent", .text(row.next?.sent.iso8601)),
        ("last_run", .text(row.lastRun?.iso8601)),
        ("total_run_count", .integer(row.totalRunCount)),
      ])
  }

  private func write(_ rows: [Row], now: UnixTime, to output: inout StandardOutput) {
    var table = Table([
      .init(title: "NAME", narrowest: 16), .init(title: "TASK", narrowest: 12, spare: 1),
      .init(title: "SCHEDULE", narrowest: 16), .init(title: "ZONE", narrowest: 8, spare: 4), .init(title: "NEXT (UTC)"),
      .init(title: ""), .init(title: "LAST RUN", spare: 2), .init(title: "COUNT", isNumeric: true, spare: 3),
      .init(title: "STATE", narrowest: 10),
    ])
    for row in rows {
      let isOverdue = row.next.map { $0.sent <= now } ?? false
      let reason = row.state.reason.map { ": \($0)" } ?? ""
      table.add([
        ("\(row.name)", nil), ((row.task ?? "-").printable, nil),
        (row.schedule?.briefly ?? "-", nil), (row.zoneName ?? "-", nil),
        (row.next.map { TimeWords.short($0.sent) } ?? "-", nil),
        (
          row.next.map { isOverdue ? "overdue" : TimeWords.distance(to: $0.sent, from: now) } ?? "-",
          isOverdue ? .yellow : nil
        ),
        (row.lastRun.map { TimeWords.distance(to: $0, from: now) } ?? "never", nil),
        ("\(row.totalRunCount)", nil), (row.state.word + reason.printable, row.state.style),
      ])
    }
    for line in table.lines(width: StandardOutput.width) { output.put(line) }
  }
}

extension ListCommand.Row {
  /// The zone, where it matters.
  fileprivate var zoneName: String? {
    switch schedule {
    case .crontab(let crontab): crontab.zone.name
    case .interval(let interval): interval.zone?.name
    default: nil
    }
  }
}

extension Schedule {
  /// In a column that has a zone beside it: a crontab as its line.
  var briefly: String {
    if case .crontab(let crontab) = self { crontab.fieldsInWords } else { inWords }
  }
}

extension ScheduleStanding.State {
  var style: Style? {
    switch self {
    case .enabled: .green
    case .disabled, .finished: .faint
    case .rejected: .red
    }
  }
}
