import ArgumentParser
import BeatCore
import ReactiveBeat

/// `beat-watch list`: shows all schedules, and when each runs next.
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

  @Flag(help: "Names only, one a line, each as commands take it: with --, it means that schedule or none.")
  var namesOnly = false

  @OptionGroup var store: StoreOptions

  func run() throws {
    let within = try dueWithin.map { try TimeSpan.microseconds($0, option: "--due-within") }
    let given = try store.documents()
    let client = try store.connect()
    let context = try store.documents(given, on: client)
    let chosen = try names.isEmpty ? client.names() : ScheduleSelection(names).names(in: client)
    let now = try client.time()
    let pattern = task.map { NamePattern($0) }
    // Each schedule's line is made at once: of a hundred thousand schedules neither the documents nor their states are
    // kept.
    var listing = Listing(self, now: now)
    var due = DueSurvey()
    try client.eachDocument(chosen) { document in
      guard !document.isAbsent else { return }
      let preview = SchedulePreview(document.name, document.read, context: context, now: now)
      due.add(preview)
      if !state.isEmpty, !state.contains(where: { $0.rawValue == preview.state.word }) { return }
      if let pattern, !pattern.matches(Array((preview.task ?? "").utf8)[...]) { return }
      let next = preview.next
      if let within {
        guard let sent = next?.sent, sent <= now.advanced(by: within) else { return }
      }
      listing.add(preview, next: next)
    }
    var output = StandardOutput()
    listing.write(to: &output)
    output.flush()
    if names.isEmpty, let ignored = client.ignoredNames { StandardError.write(line: "beat-watch: note: \(ignored)") }
    HealthNote.write(client, due: due)
    guard names.isEmpty else { return }
    HealthNote.write(client.doubt(chosen))
    if due.count == 0 { HealthNote.writeNeighbours(client) }
  }
}

/// The lines of a list in the order in which they were read, and the values they are sorted by.
private struct Listing {
  private let now: UnixTime
  private let order: ListCommand.Order
  private let form: Form
  private var table: Table
  /// The finished lines, where the form is names or JSON.
  private var lines: [String] = []
  private var times: [UnixTime] = []
  private var tasks: [String] = []

  private enum Form { case names, json, table }

  init(_ command: ListCommand, now: UnixTime) {
    self.now = now
    order = command.sort
    form = command.namesOnly ? .names : command.json ? .json : .table
    table = Table([
      .init(title: "NAME", isName: true), .init(title: "TASK", narrowest: 12, spare: 3),
      .init(title: "SCHEDULE", narrowest: 12, spare: 4), .init(title: "ZONE", narrowest: 8, spare: 7),
      .init(title: "NEXT (UTC)", spare: 2), .init(title: ""), .init(title: "LAST RUN", spare: 5),
      .init(title: "COUNT", isNumeric: true, spare: 6), .init(title: "STATE", narrowest: 10, spare: 1),
    ])
  }

  mutating func add(_ preview: SchedulePreview, next: SchedulePreview.Occurrence?) {
    // A schedule without the value that is sorted by comes last. Equal ones stay in the order of their names.
    switch order {
    case .name: break
    case .next: times.append(next?.sent ?? .latest.advanced(by: 1))
    case .last: times.append(UnixTime(microseconds: -(preview.lastRun ?? .earliest).microseconds))
    case .task: tasks.append(preview.task ?? "\u{10FFFF}")
    }
    switch form {
    case .names: lines.append(preview.name.argument)
    case .json: lines.append(Self.json(preview, next).line)
    case .table: table.add(cells(preview, next))
    }
  }

  func write(to output: inout StandardOutput) {
    let count = form == .table ? table.count : lines.count
    let order = order(count)
    switch form {
    case .names: for index in order { output.put(lines[index]) }
    case .json: output.put(list: order.map { .raw(Array(lines[$0].utf8)) })
    case .table: table.write(order, to: &output, width: StandardOutput.width)
    }
  }

  private func order(_ count: Int) -> [Int] {
    switch order {
    case .name: Array(0..<count)
    case .next, .last: (0..<count).sorted { (times[$0], $0) < (times[$1], $1) }
    case .task: (0..<count).sorted { (tasks[$0], $0) < (tasks[$1], $1) }
    }
  }

  private static func json(_ preview: SchedulePreview, _ next: SchedulePreview.Occurrence?) -> JSONOutput {
    .object(
      [("name", .text("\(preview.name)"))] + preview.members + [
        ("next", .text(next?.due.iso8601)),
        ("sent", .text(next?.sent.iso8601)),
        ("last_run", .text(preview.lastRun?.iso8601)),
        ("total_run_count", .integer(preview.totalRunCount)),
      ])
  }

  private func cells(
    _ preview: SchedulePreview, _ next: SchedulePreview.Occurrence?
  ) -> [(text: String, style: Style?)] {
    let isOverdue = next.map { $0.sent <= now } ?? false
    let reason = preview.state.reason.map { ": \($0)" } ?? ""
    return [
      ("\(preview.name)", nil), ((preview.task ?? "-").beginning(Limit.quotationLength.most).printable, nil),
      (preview.schedule?.briefly ?? "-", nil), (preview.schedule?.zone?.name ?? "-", nil),
      (next.map { TimeWords.short($0.sent) } ?? "-", nil),
      (
        next.map { isOverdue ? "overdue" : TimeWords.distance(to: $0.sent, from: now) } ?? preview.state.word,
        isOverdue ? .yellow : nil
      ),
      (preview.lastRun.map { TimeWords.distance(to: $0, from: now) } ?? "never", nil),
      ("\(preview.totalRunCount)", nil), (preview.state.word + reason.printable, preview.state.style),
    ]
  }
}

extension SchedulePreview.State {
  var style: Style? {
    switch self {
    case .enabled: .green
    case .disabled, .finished: .faint
    case .rejected: .red
    }
  }
}
