/// Reads the fields of one document. The first problem found is the one that is thrown.
struct DocumentReader {
  let layout: DocumentLayout
  let context: DocumentContext
  /// Holds for the same context; nil: nothing is remembered.
  private let memo: ScheduleMemo?
  var warnings: [String] = []

  init(layout: DocumentLayout, context: DocumentContext, memo: ScheduleMemo? = nil) {
    self.layout = layout
    self.context = context
    self.memo = memo
  }

  var bytes: [UInt8] { layout.bytes }

  mutating func definition() throws(DocumentProblem) -> ScheduleDefinition {
    guard !Limit.fieldCount.isExceeded(by: layout.members.count) else {
      throw DocumentProblem("", Limit.fieldCount.excess(layout.members.count))
    }
    let name = try required("name")
    let task = try required("task")
    if Limit.taskLength.isExceeded(by: task.utf8.count), let slice = layout["task"] {
      throw DocumentProblem("task", slice, in: bytes, Limit.taskLength.excess(task.utf8.count))
    }
    guard layout["enabled"] != nil else { throw DocumentProblem("enabled", "is missing; expected true or false") }
    let enabled = try flag("enabled")
    let schedule = try schedule()
    let jitter = try duration("jitter") ?? 0
    if let spacing = schedule.spacing, jitter >= spacing, let slice = layout["jitter"] {
      throw DocumentProblem("jitter", slice, in: bytes, "must be shorter than the interval")
    }
    if jitter > 0, let gap = schedule.shortestGap, jitter >= gap {
      warnings.append(
        "jitter of \(DocumentNumber.seconds(jitter)) s reaches the next run, which comes after "
          + "\(DocumentNumber.seconds(gap)) s at the shortest: each run is sent before the next one is due")
    }
    try checkArguments()
    try checkOptions()
    let own = try ownOptions()
    try checkOnlyValues()
    try checkNames(own)
    let options = try completed(own, task: task)
    try checkQueue(options)
    try checkMessage(options)
    let definition = ScheduleDefinition(
      name: name, task: task, enabled: enabled, schedule: schedule, options: options,
      runImmediately: try flag("run_immediately"), oneOff: try flag("one_off"),
      maxRunCount: try maxRunCount(), startAfter: try date("start_after"), expiresAt: try date("expires_at"),
      jitter: jitter, catchup: try catchup())
    doubt(definition)
    doubtQueue(own)
    doubtApplication(task, own)
    return definition
  }

  /// What a message takes from the document, besides `args`, `kwargs` and headers.
  mutating func sending() throws(DocumentProblem) -> (task: String, options: MessageOptions) {
    let task = try required("task")
    let own = try ownOptions()
    return (task, context.application?.sending(task).completing(own) ?? own)
  }

  /// The schedule of an object that is the value of `field`; the same as before where it was read before.
  mutating func schedule(_ field: ScheduleField, _ object: JSONSlice) throws(DocumentProblem) -> Schedule {
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
    guard let slice = layout[field] else { throw DocumentProblem(field, "is missing") }
    guard case let text = try text(slice, field), !text.isEmpty else {
      throw DocumentProblem(field, found: "\"\"", "is empty")
    }
    return text
  }

  func text(_ slice: JSONSlice, _ field: String) throws(DocumentProblem) -> String {
    guard slice.kind == .string else {
      throw DocumentProblem(field, slice, in: bytes, "expected text in double quotes")
    }
    guard !Limit.textLength.isExceeded(by: slice.length) else {
      // A task's own limit counts no escapes.
      let isTask = field == "task" && !bytes[slice.range].contains(UInt8(ascii: "\\"))
      throw DocumentProblem(field, slice, in: bytes, (isTask ? Limit.taskLength : .textLength).excess(slice.length))
    }
    guard let text = JSONScanner.text(of: slice, in: bytes) else {
      throw DocumentProblem(field, slice, in: bytes, "holds half of a surrogate pair, which is no text")
    }
    return text
  }

  /// The members of an object that is read by their names.
  func fields(of slice: JSONSlice, _ path: String) throws(DocumentProblem) -> [JSONMember] {
    let members = JSONScanner.members(of: slice, in: bytes)
    guard !Limit.fieldCount.isExceeded(by: members.count) else {
      throw DocumentProblem(path, slice, in: bytes, Limit.fieldCount.excess(members.count))
    }
    return members
  }

  func flag(_ field: String) throws(DocumentProblem) -> Bool {
    guard let slice = layout[field] else { return false }
    guard let flag = layout.bool(field) else {
      throw DocumentProblem(field, slice, in: bytes, "expected true or false, without quotes")
    }
    return flag
  }

  /// 0 is no limit: what celerybeat-mongo's model writes unless it is told otherwise.
  func maxRunCount() throws(DocumentProblem) -> Int64? {
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
    return try DocumentDate(slice, in: bytes, path: field, zones: context).instant
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
  func seconds(_ slice: JSONSlice, _ field: String) throws(DocumentProblem) -> Int64 {
    guard let value = DocumentNumber(slice, in: bytes)?.microseconds(perUnit: 1_000_000), value >= 0 else {
      throw DocumentProblem(field, slice, in: bytes, "expected seconds, 0 or more")
    }
    return value
  }

  /// What a worker cannot read must not reach the queue: a message with such arguments stops the worker.
  private mutating func checkArguments() throws(DocumentProblem) {
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
      try checkReadable(slice, field, field == "args" ? .args : .kwargs)
    }
  }

  mutating func checkReadable(
    _ slice: JSONSlice, _ field: String, _ place: KombuJSON.Place
  ) throws(DocumentProblem) {
    guard !KombuJSON.isPlain(bytes[slice.range]) else { return }
    let reading = KombuJSON(slice, in: bytes, place: place)
    if let problem = reading.problem {
      throw DocumentProblem(field, found: DocumentProblem.excerpt(bytes[problem.range]), problem.message)
    }
    for type in reading.unknownTypes {
      warnings.append(
        "\(field) holds a value of the type \(DocumentProblem.excerpt(type.utf8)), which Celery does not know by itself: "
          + "a worker whose application has not registered it loses the task")
    }
  }
}
