/// Reads the fields of one document. The first problem found is the one that is thrown.
struct DocumentReader {
  let layout: DocumentLayout
  let context: DocumentContext
  /// Of the same context.
  private let memo: ScheduleMemo?
  var warnings: [String] = []

  init(layout: DocumentLayout, context: DocumentContext, memo: ScheduleMemo? = nil) {
    self.layout = layout
    self.context = context
    self.memo = memo
  }

  private var bytes: [UInt8] { layout.bytes }

  mutating func definition() throws(DocumentProblem) -> ScheduleDefinition {
    let name = try required("name")
    let task = try required("task")
    guard layout["enabled"] != nil else { throw DocumentProblem("enabled", "is missing; expected true or false") }
    let enabled = try flag("enabled")
    let schedule = try schedule()
    let jitter = try duration("jitter") ?? 0
    if case .interval(let interval) = schedule, jitter >= interval.microseconds, let slice = layout["jitter"] {
      throw DocumentProblem("jitter", slice, in: bytes, "must be shorter than the interval")
    }
    if jitter > 0, let gap = schedule.shortestGap, jitter >= gap {
      warnings.append(
        "jitter of \(DocumentNumber.seconds(jitter)) s reaches the next run, which comes after "
          + "\(DocumentNumber.seconds(gap)) s at the shortest: each run is sent before the next one is due")
    }
    try checkArguments()
    return ScheduleDefinition(
      name: name, task: task, enabled: enabled, schedule: schedule, options: try options(),
      runImmediately: try flag("run_immediately"), oneOff: try flag("one_off"),
      maxRunCount: try maxRunCount(), startAfter: try date("start_after"), expiresAt: try date("expires_at"),
      jitter: jitter, catchup: try catchup())
  }

  /// What a message takes from the document, besides `args`, `kwargs` and headers.
  mutating func sending() throws(DocumentProblem) -> (task: String, options: MessageOptions) {
    (try required("task"), try options())
  }

  /// The schedule of an object that is the value of `field`; the same as before where it was read before.
  mutating func schedule(_ field: String, _ object: JSONSlice) throws(DocumentProblem) -> Schedule {
    let text = bytes[object.range]
    let timezone = layout["timezone"].map { bytes[$0.range] }
    guard let memo, let (place, known) = memo.find(field, text, timezone: timezone) else {
      return try readSchedule(field, object)
    }
    if let known {
      warnings += known.warnings
      return known.schedule
    }
    let warned = warnings.count
    let schedule = try readSchedule(field, object)
    memo.keep(
      ScheduleMemo.Reading(
        field: field, object: Array(text), timezone: timezone.map { Array($0) }, schedule: schedule,
        warnings: Array(warnings[warned...])), at: place)
    return schedule
  }

  // MARK: fields

  private func required(_ field: String) throws(DocumentProblem) -> String {
    guard layout[field] != nil else { throw DocumentProblem(field, "is missing") }
    guard let text = try text(field), !text.isEmpty else { throw DocumentProblem(field, found: "\"\"", "is empty") }
    return text
  }

  private func text(_ field: String) throws(DocumentProblem) -> String? {
    guard let slice = layout[field] else { return nil }
    return try text(slice, field)
  }

  private func text(_ slice: JSONSlice, _ field: String) throws(DocumentProblem) -> String {
    guard slice.kind == .string else {
      throw DocumentProblem(field, slice, in: bytes, "expected text in double quotes")
    }
    guard let text = JSONScanner.text(of: slice, in: bytes) else {
      throw DocumentProblem(field, slice, in: bytes, "holds half of a surrogate pair, which is no text")
    }
    return text
  }

  private func flag(_ field: String) throws(DocumentProblem) -> Bool {
    guard let slice = layout[field] else { return false }
    guard let flag = layout.bool(field) else {
      throw DocumentProblem(field, slice, in: bytes, "expected true or false, without quotes")
    }
    return flag
  }

  /// 0 is no limit: what celerybeat-mongo's model writes unless it is told otherwise.
  private func maxRunCount() throws(DocumentProblem) -> Int64? {
    try count("max_run_count").flatMap { $0 == 0 ? nil : $0 }
  }

  func count(_ field: String) throws(DocumentProblem) -> Int64? {
    guard let slice = layout[field] else { return nil }
    guard let count = DocumentNumber(slice, in: bytes)?.integer, count >= 0 else {
      throw DocumentProblem(field, slice, in: bytes, "expected a whole number, 0 or more")
    }
    return count
  }

  func date(_ field: String) throws(DocumentProblem) -> UnixTime? {
    guard let slice = layout[field] else { return nil }
    guard let date = DocumentDate(slice, in: bytes) else {
      throw DocumentProblem(field, slice, in: bytes, DocumentDate.expected)
    }
    return date.instant
  }

  private func catchup() throws(DocumentProblem) -> Catchup {
    var catchup = Catchup()
    if let slice = layout["catchup"] {
      guard let policy = Catchup.Policy(rawValue: try text(slice, "catchup")) else {
        throw DocumentProblem("catchup", slice, in: bytes, #"expected "latest", "none" or "all""#)
      }
      catchup.policy = policy
    }
    catchup.window = try duration("catchup_window")
    return catchup
  }

  /// A field in seconds as microseconds.
  private func duration(_ field: String) throws(DocumentProblem) -> Int64? {
    guard let slice = layout[field] else { return nil }
    return try seconds(slice, field)
  }

  /// Seconds, 0 or more, as microseconds.
  private func seconds(_ slice: JSONSlice, _ field: String) throws(DocumentProblem) -> Int64 {
    guard let value = DocumentNumber(slice, in: bytes)?.microseconds(perUnit: 1_000_000), value >= 0 else {
      throw DocumentProblem(field, slice, in: bytes, "expected seconds, 0 or more")
    }
    return value
  }

  /// What a worker cannot read must not reach the queue: a message with such arguments stops the worker.
  private func checkArguments() throws(DocumentProblem) {
    for (field, kind, expected) in [
      ("args", JSONSlice.Kind.array, "a list such as [2, 3]"), ("kwargs", .object, #"an object such as {"x": 2}"#),
    ] {
      guard let slice = layout[field] else { continue }
      guard slice.kind == kind else { throw DocumentProblem(field, slice, in: bytes, "expected \(expected)") }
      guard !slice.holdsShellCall else {
        throw DocumentProblem(
          field, slice, in: bytes,
          "holds a mongo shell constructor, which no worker can read; write it as text or a number")
      }
    }
  }

  // MARK: message options

  private static let options: Set<String> = [
    "queue", "exchange", "exchange_type", "routing_key", "priority", "expires", "time_limit", "soft_time_limit",
    "headers", "serializer", "compression",
  ]
  private static let onlyValues = [("serializer", "json"), ("compression", "none")]

  /// Options stand at the top level (celerybeat-mongo) or in `options` (celerybeat-redis); the top level wins.
  private mutating func options() throws(DocumentProblem) -> MessageOptions {
    var nested: [String: JSONSlice] = [:]
    if let slice = layout["options"] {
      guard slice.kind == .object else {
        throw DocumentProblem("options", slice, in: bytes, #"expected an object such as {"queue": "reports"}"#)
      }
      for member in JSONScanner.members(of: slice, in: bytes) {
        nested[member.key] = member.value.kind == .null ? nil : member.value
      }
      let unknown = nested.keys.filter { !Self.options.contains($0) }.sorted()
      for key in unknown.prefix(8) {
        warnings.append("options.\(DocumentProblem.excerpt(key.utf8)) is not supported and has no effect")
      }
      if unknown.count > 8 { warnings.append("options holds \(unknown.count - 8) more that are not supported") }
    }
    func find(_ field: String) -> (slice: JSONSlice, path: String)? {
      layout[field].map { ($0, field) } ?? nested[field].map { ($0, "options.\(field)") }
    }
    func findText(_ field: String) throws(DocumentProblem) -> String? {
      guard let (slice, path) = find(field) else { return nil }
      let text = try text(slice, path)
      return text.isEmpty ? nil : text
    }

    var options = MessageOptions()
    options.queue = try findText("queue")
    options.exchange = try findText("exchange")
    options.routingKey = try findText("routing_key")
    if let (slice, path) = find("exchange_type"), !["direct", "topic"].contains(try text(slice, path)) {
      throw DocumentProblem(
        path, slice, in: bytes, #"only "direct" and "topic" exchanges are supported; name the "queue" instead"#)
    }
    for (field, accepted) in Self.onlyValues {
      guard let (slice, path) = find(field) else { continue }
      guard try text(slice, path) == accepted else {
        throw DocumentProblem(path, slice, in: bytes, "only \"\(accepted)\" is supported; leave the field out")
      }
    }
    if let (slice, path) = find("priority") {
      let digits = slice.kind == .string ? JSONScanner.text(of: slice, in: bytes).flatMap { Int64($0) } : nil
      guard let priority = digits ?? DocumentNumber(slice, in: bytes)?.integer else {
        throw DocumentProblem(path, slice, in: bytes, "expected a whole number from 0 (served first) to 9")
      }
      options.priority = priority
    }
    if let (slice, path) = find("expires") { options.expires = try expiry(slice, path) }
    if options.expires == nil, let slice = layout["expire_seconds"] {
      options.expires = .after(try seconds(slice, "expire_seconds"))
    }
    if let (slice, path) = find("time_limit") { options.timeLimit = try limit(slice, path) }
    if let (slice, path) = find("soft_time_limit") { options.softTimeLimit = try limit(slice, path) }
    if let (slice, path) = find("headers") { try checkHeaders(slice, path) }
    return options
  }

  /// A number is seconds after sending, anything else a date, as in Celery.
  private func expiry(_ slice: JSONSlice, _ path: String) throws(DocumentProblem) -> MessageOptions.Expiry {
    if DocumentNumber(slice, in: bytes) != nil { return .after(try seconds(slice, path)) }
    guard let date = DocumentDate(slice, in: bytes) else {
      throw DocumentProblem(path, slice, in: bytes, "expected seconds after sending, or a date: " + DocumentDate.forms)
    }
    return .at(date.instant)
  }

  private func limit(_ slice: JSONSlice, _ path: String) throws(DocumentProblem) -> String {
    guard let number = DocumentNumber(slice, in: bytes), let value = number.double, value.isFinite, value >= 0 else {
      throw DocumentProblem(path, slice, in: bytes, "expected seconds, 0 or more")
    }
    return number.text
  }

  private func checkHeaders(_ slice: JSONSlice, _ path: String) throws(DocumentProblem) {
    guard slice.kind == .object, !slice.holdsShellCall else {
      throw DocumentProblem(path, slice, in: bytes, #"expected an object such as {"tenant": "acme"}"#)
    }
    for member in JSONScanner.members(of: slice, in: bytes) where CeleryMessage.ownHeaders.contains(member.key) {
      throw DocumentProblem("\(path).\(member.key)", "is a header that Celery sets itself; choose another name")
    }
  }
}
