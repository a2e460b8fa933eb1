import ArgumentParser
import BeatCore

/// The fields of a document as options. Only the options that are given are written; all other fields stay.
struct DocumentFieldOptions: ParsableArguments {
  enum Switch: String, EnumerableFlag { case enabled, disabled }
  enum Catchup: String, ExpressibleByArgument, CaseIterable { case latest, none, all }

  @Option(help: "The registered name of the Celery task.", completion: .taskNames)
  var task: String?

  @Option(help: ArgumentHelp("Run it each time this long has passed: 10s, 5m, 1h30m, 2d.", valueName: "time"))
  var every: String?

  @Flag(inversion: .prefixedNo, help: "Intervals end on the minute, the hour or midnight, as Celery's relative ones.")
  var relative: Bool?

  @Flag(
    inversion: .prefixedNo, help: "Intervals lie on the multiples of their length on the clock: :00, :15, :30, :45.")
  var align: Bool?

  @Option(
    help: ArgumentHelp(
      "Run it by a crontab in cron's order: minute, hour, day of month, month, day of week.",
      valueName: "m h dom mon dow"))
  var cron: String?

  @Option(
    help: ArgumentHelp(
      "Run it once, at this time, in ISO 8601; without an offset by the clock of --timezone, else UTC.",
      valueName: "time"))
  var at: String?

  @Option(help: ArgumentHelp("Positional arguments, a JSON list.", valueName: "json"))
  var args: String?

  @Option(help: ArgumentHelp("Named arguments, a JSON object.", valueName: "json"))
  var kwargs: String?

  @Option(help: "Queue to send to.")
  var queue: String?

  @Option(help: "Exchange to send to.")
  var exchange: String?

  @Option(help: "Routing key.")
  var routingKey: String?

  @Option(help: "On Redis 0 is served first, on RabbitMQ the largest.")
  var priority: Int64?

  @Option(help: ArgumentHelp("The message is void after this long, or from this date on.", valueName: "time or date"))
  var expires: String?

  @Option(help: ArgumentHelp("The worker kills the task after this long.", valueName: "time"))
  var timeLimit: String?

  @Option(help: ArgumentHelp("The worker tells the task to end after this long.", valueName: "time"))
  var softTimeLimit: String?

  @Option(help: ArgumentHelp("Message headers, a JSON object.", valueName: "json"))
  var headers: String?

  @Option(help: "What becomes of missed runs: latest, none or all.")
  var catchup: Catchup?

  @Option(help: ArgumentHelp("Runs missed longer ago are left out.", valueName: "time"))
  var catchupWindow: String?

  @Option(help: ArgumentHelp("Send each run up to this much later, spread evenly.", valueName: "time"))
  var jitter: String?

  @Option(help: ArgumentHelp("Ends after so many runs.", valueName: "count"))
  var maxRunCount: Int64?

  @Option(help: ArgumentHelp("Nothing is due before it.", valueName: "date"))
  var startAfter: String?

  @Option(help: ArgumentHelp("Nothing is due after it.", valueName: "date"))
  var expiresAt: String?

  @Flag(inversion: .prefixedNo, help: "Ends after one run.")
  var oneOff: Bool?

  @Flag(inversion: .prefixedNo, help: "Run it once at once.")
  var runImmediately: Bool?

  @Flag(help: "Switched on or off.")
  var switched: Switch?

  @Option(help: "A name for people: the document's field name. (default for a new one: its key)")
  var label: String?

  @Option(help: ArgumentHelp("Take this field out. May be given more than once.", valueName: "field"))
  var unset: [String] = []

  /// Checks what can be checked without a document. The result is what to write.
  ///
  /// - Parameters:
  ///   - timezone: the zone for the document; nil: unchanged.
  ///   - clock: the same zone, by which dates without an offset are read; nil: they are UTC.
  func changes(timezone: String?, clock: ZoneRules?) throws -> DocumentFieldChanges {
    var changes = DocumentFieldChanges()
    let kinds = ScheduleKind.allCases.filter { given(for: $0) != nil }
    guard kinds.count <= 1 else {
      throw ValidationError("\(kinds.map(\.option).joined(separator: " and ")): give one of them")
    }
    guard relative == nil && align == nil || kinds.allSatisfy({ $0 == .interval }) else {
      throw ValidationError("--relative and --align belong to an interval: --every")
    }
    // After a space the parser would take such a value for an option, so `--priority=-1` alone gets here.
    for (option, number) in [("--priority", priority), ("--max-run-count", maxRunCount)] {
      if let number, number < 0 { throw ValidationError(CommandWord.negative(option, "\(number)")) }
    }
    guard relative != true || align != true else { throw ValidationError("--relative and --align: give one of them") }
    changes.schedule = try kinds.first.flatMap { kind in try given(for: kind).map { try kind.written($0, by: clock) } }
    // The two flags exclude each other: setting one switches the other off.
    changes.relative = relative ?? (align == true ? false : nil)
    changes.align = align ?? (relative == true ? false : nil)
    changes.timezone = timezone
    changes.unset = unset
    func text(_ key: String, _ value: String?) { if let value { changes.fields.append((key, JSONLine.quoted(value))) } }
    func option(_ key: String, _ json: String?) { if let json { changes.options.append((key, json)) } }
    func number(_ key: String, _ value: Int64?) { if let value { changes.fields.append((key, "\(value)")) } }
    func flag(_ key: String, _ value: Bool?) { if let value { changes.fields.append((key, "\(value)")) } }

    text("name", label)
    text("task", task)
    flag("enabled", switched.map { $0 == .enabled })
    if let json = try json("--args", args, list: true) { changes.fields.append(("args", json)) }
    if let json = try json("--kwargs", kwargs) { changes.fields.append(("kwargs", json)) }
    option("queue", queue.map { JSONLine.quoted($0) })
    option("exchange", exchange.map { JSONLine.quoted($0) })
    option("routing_key", routingKey.map { JSONLine.quoted($0) })
    option("priority", priority.map { "\($0)" })
    option("expires", try expires.map { try expiry($0, by: clock) })
    option("time_limit", try timeLimit.map { try seconds("--time-limit", $0) })
    option("soft_time_limit", try softTimeLimit.map { try seconds("--soft-time-limit", $0) })
    option("headers", try json("--headers", headers))
    text("catchup", catchup?.rawValue)
    if let catchupWindow { changes.fields.append(("catchup_window", try seconds("--catchup-window", catchupWindow))) }
    if let jitter { changes.fields.append(("jitter", try seconds("--jitter", jitter))) }
    number("max_run_count", maxRunCount)
    text("start_after", try startAfter.map { try TimeArgument.date("--start-after", $0, by: clock) })
    text("expires_at", try expiresAt.map { try TimeArgument.date("--expires-at", $0, by: clock) })
    flag("one_off", oneOff)
    flag("run_immediately", runImmediately)
    return changes
  }

  /// The text of a kind's option; nil: it was not given.
  private func given(for kind: ScheduleKind) -> String? {
    switch kind {
    case .interval: every
    case .crontab: cron
    case .clocked: at
    }
  }

  private func seconds(_ option: String, _ text: String) throws -> String {
    if let value = Double(text), value >= 0, value.isFinite, JSONObject.isValue(Array(text.utf8)) { return text }
    guard let (count, period) = TimeSpan.parse(text) else {
      throw TimeSpan.problem(text, option: option)
    }
    let microseconds = count * period.microseconds
    if microseconds % 1_000_000 == 0 { return "\(microseconds / 1_000_000)" }
    var digits = String(1_000_000 + microseconds % 1_000_000).dropFirst()
    while digits.hasSuffix("0") { digits.removeLast() }
    return "\(microseconds / 1_000_000).\(digits)"
  }

  private func expiry(_ text: String, by clock: ZoneRules?) throws -> String {
    guard UnixTime(iso8601: text) != nil, Double(text) == nil else { return try seconds("--expires", text) }
    return JSONLine.quoted(try TimeArgument.date("--expires", text, by: clock))
  }

  private func json(_ option: String, _ text: String?, list: Bool = false) throws -> String? {
    guard let text else { return nil }
    let isRight = JSONObject.isValue(Array(text.utf8)) && text.drop(while: \.isWhitespace).first == (list ? "[" : "{")
    guard isRight else {
      throw ValidationError(
        "\(option): expected \(list ? "a JSON list such as [2, 3]" : #"a JSON object such as {"x": 2}"#)")
    }
    return text
  }
}
