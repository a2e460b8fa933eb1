/// What the occurrences of a schedule have in common: the message without the task's id, and the places of the document
/// at which a run is written. A plan that is made from a template parses nothing.
struct FireTemplate {
  /// The document's bytes for which the template is valid.
  private(set) var document: [UInt8]
  private var places: BookkeepingPlaces
  private let task: String
  private let route: Route
  private let priority: Int64
  private let message: any PreparedMessage
  /// When the template was used last.
  private(set) var usedAt: UnixTime

  /// - Parameter message: a message that does not depend on the time.
  init(_ plan: FirePlan, _ fired: FiredDocument, _ message: any PreparedMessage, now: UnixTime) {
    document = fired.bytes
    places = fired.places
    (task, route, priority) = (plan.task, plan.route, plan.priority)
    self.message = message
    usedAt = now
  }

  /// About how many bytes the template takes. The document's bytes are shared with the entry.
  var size: Int { message.bytes.count + 256 }

  /// The plan of one more occurrence. After it, the template is valid for the plan's new document.
  mutating func plan(
    _ entry: ScheduleEntry, _ id: TaskID, due: UnixTime, sending: UnixTime, reason: FireReason, count: Int64,
    now: UnixTime
  ) -> FirePlan {
    let fired = places.fired(document, due: due, count: count)
    let plan = FirePlan(
      entry: entry.name, task: task, taskID: id, due: due, sending: sending, oldDocument: entry.document,
      newDocument: fired.bytes,
      message: message.bytes(for: id), route: route, priority: priority,
      watermark: Watermark(
        due: due, taskID: id, totalRunCount: count, digest: entry.digest(afterRun: due, count: count)),
      reason: reason)
    document = fired.bytes
    places = fired.places
    usedAt = now
    return plan
  }
}

/// The templates of schedules that fire often. They are kept only while many fires are in flight, or for a long
/// document: otherwise there is time enough, and memory matters more.
struct FireTemplates {
  /// A schedule fires often if at most this time lies between two occurrences; microseconds.
  private static let often: Int64 = 60_000_000

  private var templates: [DueHeap.Handle: FireTemplate] = [:]
  /// About how many bytes all templates take.
  private(set) var size = 0
  private let limit: Int
  private var sweptAt = UnixTime.earliest

  init(limit: Int = 64 << 20) { self.limit = limit }

  var count: Int { templates.count }

  /// The plan by the template of the entry's document; nil: there is none.
  mutating func plan(
    _ handle: DueHeap.Handle, _ entry: ScheduleEntry, _ id: TaskID, due: UnixTime, sending: UnixTime,
    reason: FireReason, count: Int64, now: UnixTime
  ) -> FirePlan? {
    guard let index = templates.index(forKey: handle), templates.values[index].document == entry.document else {
      return nil
    }
    return templates.values[index].plan(
      entry, id, due: due, sending: sending, reason: reason, count: count, now: now)
  }

  /// Keeps a template if the schedule fires often and there is room.
  mutating func keep(
    _ template: FireTemplate, of handle: DueHeap.Handle, every microseconds: Int64, now: UnixTime
  ) {
    guard microseconds <= Self.often else { return }
    if size + template.size > limit { sweep(now: now) }
    guard size + template.size <= limit else { return }
    size += template.size - (templates.updateValue(template, forKey: handle)?.size ?? 0)
  }

  mutating func remove(_ handle: DueHeap.Handle) {
    if let old = templates.removeValue(forKey: handle) { size -= old.size }
  }

  mutating func removeAll() {
    templates.removeAll()
    size = 0
  }

  /// Drops the templates that have not been used for two minutes. It runs at most every two minutes.
  private mutating func sweep(now: UnixTime) {
    guard now.microseconds(since: sweptAt) > 2 * Self.often else { return }
    sweptAt = now
    templates = templates.filter { now.microseconds(since: $0.value.usedAt) <= 2 * Self.often }
    size = templates.values.reduce(0) { $0 + $1.size }
  }
}
