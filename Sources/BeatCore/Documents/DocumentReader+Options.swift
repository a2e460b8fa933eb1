/// How a document's message is sent: the options of Celery's `apply_async`. They stand at the top level
/// (celerybeat-mongo) or in `options` (celerybeat-redis); the top level wins.
extension DocumentReader {
  private static let onlyValues = [("serializer", "json"), ("compression", "none")]

  /// Options that cannot be honoured are refused, those that have no effect are warned of.
  mutating func checkOptions() throws(DocumentProblem) {
    for option in CeleryOption.refusedAnywhere {
      guard let slice = layout[option] else { continue }
      // A link to a page, and not to a task.
      if option == "link", JSONScanner.text(of: slice, in: bytes)?.contains("://") == true { continue }
      try refuse(option, slice, option)
    }
    var idle: [(option: String, isKnown: Bool)] = []
    for (option, slice) in try nestedOptions() where !CeleryOption.honoured.contains(option) {
      let isKnown = CeleryOption.isKnown(option)
      if isKnown, slice.saysNothing(in: bytes) { continue }
      try refuse(option, slice, "options.\(DocumentProblem.excerpt(option.utf8))")
      idle.append((option, isKnown))
    }
    for (option, isKnown) in idle.prefix(8) {
      warnings.append(
        "options.\(DocumentProblem.excerpt(option.utf8)) "
          + (isKnown ? "has no effect here" : "is not supported and has no effect"))
    }
    if idle.count > 8 { warnings.append("options holds \(idle.count - 8) more that have no effect") }
  }

  private func refuse(_ option: String, _ slice: JSONSlice, _ path: String) throws(DocumentProblem) {
    guard let reason = CeleryOption.refusal(of: option), !slice.saysNothing(in: bytes) else { return }
    throw DocumentProblem(path, slice, in: bytes, reason)
  }

  /// The members of `options` by name, without those that are null. Of those that come twice the last one counts.
  private func nestedOptions() throws(DocumentProblem) -> [(key: String, value: JSONSlice)] {
    guard let slice = layout["options"] else { return [] }
    guard slice.kind == .object else {
      throw DocumentProblem("options", slice, in: bytes, #"expected an object such as {"queue": "reports"}"#)
    }
    var nested: [String: JSONSlice] = [:]
    for member in try fields(of: slice, "options") {
      nested[member.key] = member.value.kind == .null ? nil : member.value
    }
    return nested.sorted { $0.key < $1.key }
  }

  /// Options that have one value only.
  func checkOnlyValues() throws(DocumentProblem) {
    let nested = try nestedOptions()
    for (field, accepted) in Self.onlyValues {
      let inside = nested.first { $0.key == field }.map { ($0.value, "options.\(field)") }
      guard let (slice, path) = layout[field].map({ ($0, field) }) ?? inside, !slice.saysNothing(in: bytes) else {
        continue
      }
      guard try text(slice, path) == accepted else {
        throw DocumentProblem(path, slice, in: bytes, "only \"\(accepted)\" is supported; leave the field out")
      }
    }
  }

  /// The options that the document names itself.
  mutating func ownOptions() throws(DocumentProblem) -> MessageOptions {
    let nested = try nestedOptions()
    func find(_ field: String) -> (slice: JSONSlice, path: String)? {
      layout[field].map { ($0, field) } ?? nested.first { $0.key == field }.map { ($0.value, "options.\(field)") }
    }
    func findText(_ field: String) throws(DocumentProblem) -> String? {
      guard let (slice, path) = find(field) else { return nil }
      let text = try text(slice, path)
      return text.isEmpty ? nil : text
    }
    /// What is no text at the top level is a field of its author's own.
    func findLabel(_ field: String) throws(DocumentProblem) -> String? {
      layout[field].map { $0.kind != .string } == true ? nil : try findText(field)
    }

    var options = MessageOptions()
    options.queue = try findText("queue")
    options.exchange = try findText("exchange")
    options.routingKey = try findText("routing_key")
    // Celery goes by an exchange and a routing key where both are named, else by the queue: what has no effect may be
    // any text.
    func checkLength(of name: String?, _ field: String) throws(DocumentProblem) {
      guard let name, Limit.queueLength.isExceeded(by: name.utf8.count), let (slice, path) = find(field) else { return }
      throw DocumentProblem(path, slice, in: bytes, Limit.queueLength.excess(name.utf8.count))
    }
    if options.exchange != nil, options.routingKey != nil {
      try checkLength(of: options.exchange, "exchange")
      try checkLength(of: options.routingKey, "routing_key")
    } else {
      try checkLength(of: options.queue, "queue")
    }
    if let (slice, path) = find("exchange_type"), case let type = try text(slice, path),
      case .directAndTopic = context.messageRules.exchangeTypes, !["direct", "topic"].contains(type)
    {
      throw DocumentProblem(
        path, slice, in: bytes, #"only "direct" and "topic" exchanges are supported; name the "queue" instead"#)
    }
    if let (slice, path) = find("priority") {
      let digits = slice.kind == .string ? JSONScanner.text(of: slice, in: bytes).flatMap { Int64($0) } : nil
      guard let priority = digits ?? DocumentNumber(slice, in: bytes)?.integer else {
        throw DocumentProblem(path, slice, in: bytes, "expected a whole number")
      }
      options.priority = priority
    }
    if let (slice, path) = find("expires") { options.expires = try expiry(slice, path) }
    // django-celery-beat takes 0 for no expiry.
    if options.expires == nil, let slice = layout["expire_seconds"] {
      let seconds = try seconds(slice, "expire_seconds")
      if seconds > 0 { options.expires = .after(seconds) }
    }
    if let (slice, path) = find("time_limit") { options.timeLimit = try limit(slice, path) }
    if let (slice, path) = find("soft_time_limit") { options.softTimeLimit = try limit(slice, path) }
    if let (slice, path) = find("headers") { try checkHeaders(slice, path) }
    if let (slice, path) = find("ignore_result") {
      guard slice.kind == .bool else { throw DocumentProblem(path, slice, in: bytes, "expected true or false") }
      options.ignoreResult = bytes[slice.range.lowerBound] == UInt8(ascii: "t")
    }
    if let (slice, path) = find("delivery_mode") { options.deliveryMode = deliveryMode(slice, path) }
    options.shadow = try findLabel("shadow")
    options.argsRepr = try findLabel("argsrepr")
    options.kwargsRepr = try findLabel("kwargsrepr")
    return options
  }

  /// Names of keys that hold something else than messages. What decides nothing may have any name: an exchange counts only
  /// together with a routing key, and then the queue does not.
  func checkNames(_ options: MessageOptions) throws(DocumentProblem) {
    guard let reserved = context.nameProblem else { return }
    func problem(_ name: String) -> String? { reserved(Array(name.utf8)) }
    switch Route(options, defaultQueue: "") {
    case .queue:
      if let problem = options.queue.flatMap(problem) { try refuse("queue", problem) }
    case .exchange(let exchange, let key):
      if let problem = problem(exchange) { try refuse("exchange", problem) }
      if let problem = problem(key) { try refuse("routing_key", problem) }
    }
  }

  /// What this kind of broker cannot carry.
  func checkMessage(_ options: MessageOptions) throws(DocumentProblem) {
    do throws(MessageRules.Problem) {
      try context.messageRules.check(options, TaskMessage.Headers.given(in: layout))
    } catch {
      try refuse(error.field, error.reason)
    }
  }

  /// What an exchange leads to is known only when it is sent.
  func checkQueue(_ options: MessageOptions) throws(DocumentProblem) {
    guard case .queue = Route(options, defaultQueue: ""), let problem = context.queueProblem(options.queue) else {
      return
    }
    try refuse("queue", problem)
  }

  /// - Parameter field: an option of the message, wherever it stands, or where it is missing.
  private func refuse(_ field: String, _ problem: String) throws(DocumentProblem) -> Never {
    if let slice = layout[field] { throw DocumentProblem(field, slice, in: bytes, problem) }
    let nested = try nestedOptions().first { $0.key == field }?.value
    throw nested.map { DocumentProblem("options.\(field)", $0, in: bytes, problem) } ?? DocumentProblem(field, problem)
  }

  /// A number is seconds after sending, anything else a date, as in Celery.
  private mutating func expiry(_ slice: JSONSlice, _ path: String) throws(DocumentProblem) -> MessageOptions.Expiry {
    guard let number = DocumentNumber(slice, in: bytes) else {
      let expected = "expected seconds after sending, or a date: " + DocumentDate.forms
      return .at(try DocumentDate(slice, in: bytes, path: path, zones: context, expected: expected).instant)
    }
    guard let microseconds = number.microseconds(perUnit: 1_000_000) else {
      throw DocumentProblem(path, slice, in: bytes, "expected seconds after sending")
    }
    if microseconds <= 0 {
      warnings.append("\(path) \(number.text.prefix(24)): a worker discards such a message, so none is sent")
    }
    return .after(microseconds)
  }

  /// Celery takes a number or a word. (Source: kombu/entity.py `maybe_delivery_mode`.) Anything else has no effect:
  /// documents of before this option counted may hold it.
  private mutating func deliveryMode(_ slice: JSONSlice, _ path: String) -> Int64? {
    switch (DocumentNumber(slice, in: bytes)?.integer, JSONScanner.text(of: slice, in: bytes)) {
    case (1, _), (_, "transient"): return 1
    case (2, _), (_, "persistent"): return 2
    default:
      if !slice.saysNothing(in: bytes) {
        warnings.append("\(path) has no effect: expected 1 (transient) or 2 (persistent)")
      }
      return nil
    }
  }

  private func limit(_ slice: JSONSlice, _ path: String) throws(DocumentProblem) -> String {
    guard let number = DocumentNumber(slice, in: bytes), let value = number.double, value.isFinite, value >= 0 else {
      throw DocumentProblem(path, slice, in: bytes, "expected seconds, 0 or more")
    }
    return number.text
  }

  /// A queue from which no worker can run anything is warned of before a message lies in it.
  mutating func doubtQueue(_ options: MessageOptions) {
    guard let queue = options.queue.map({ Array($0.utf8) }), let doubt = context.queueDoubt?(queue) else { return }
    let path = layout["queue"] != nil ? "queue" : "options.queue"
    warnings.append("\(path) \(EntryName(queue)): \(doubt)")
  }

  private mutating func checkHeaders(_ slice: JSONSlice, _ path: String) throws(DocumentProblem) {
    guard slice.kind == .object, !slice.holdsShellCall else {
      throw DocumentProblem(path, slice, in: bytes, #"expected an object such as {"tenant": "acme"}"#)
    }
    for member in try fields(of: slice, path) {
      if TaskMessage.Headers.own.contains(member.key) {
        throw DocumentProblem("\(path).\(member.key)", "is a header that Celery sets itself; choose another name")
      }
      if TaskMessage.Headers.fatal.contains(member.key) {
        throw DocumentProblem(
          "\(path).\(member.key)",
          "takes the place of what a worker needs in Celery's request: it ends, or loses the task; "
            + "choose another name")
      }
    }
    try checkReadable(slice, path, .headers)
  }
}
