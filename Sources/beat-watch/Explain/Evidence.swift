import BeatCore
import ReactiveBeat

/// What is known of one schedule, read in a few round trips.
struct Evidence {
  let name: EntryName
  let now: UnixTime
  let document: StoredDocument
  let preview: SchedulePreview
  let context: DocumentContext
  /// What the schedule would do if it were enabled now; nil: it is enabled, or its document cannot be used.
  let whenEnabled: SchedulePreview?
  let account: ScheduleAccount?
  let receipt: EditReceipt?
  /// Why the receipt could not be read; nil: it was read. A schedule fires without its receipt.
  let receiptProblem: StoreError?
  let fleet: Fleet
  let health: FiringHealth
  let lastRun: FireRecord?
  /// When the oldest run in the history was fired.
  let historyBegin: UnixTime?
  let plan: FirePlan?
  /// Where the message goes; nil: there is no message, or the broker could not be asked.
  let destination: Destination?
  /// Why the broker could not be asked; nil: it answered, or there is no message.
  let brokerProblem: StoreError?
  /// Why no message could be pushed to those lists; nil: no reason is known.
  let queueProblem: String?
  let outbox: Int64
  /// The messages of this schedule that were set aside, the newest first, as far as the history knows them.
  let setAside: [MessagesSetAside.Message]
  /// The options in which this command differs from the daemon that fires.
  let differences: [DaemonDifference]
  /// The document's place, as the store calls it.
  let place: [UInt8]
  let terms: any StoreTerms
  /// The broker's name, as users know it.
  let broker: String
  /// Which priority the broker serves first, in words.
  let priorityRule: String

  init(
    of name: EntryName, _ store: any StoreInspector, context: DocumentContext, defaultQueue: String,
    broker: any BrokerInspector, options: [DaemonOption]
  ) throws {
    self.name = name
    place = store.place(of: name)
    terms = store.terms
    self.broker = broker.name
    priorityRule = broker.priorityRule
    now = try store.time()
    let document = try store.document(name)
    self.document = document
    self.context = context
    preview = SchedulePreview(name, document.read, context: context, now: now)
    whenEnabled = Self.enabled(document, preview, context, now)
    account = ScheduleAccount(preview, document.read, context: context)
    do {
      (receipt, receiptProblem) = (try store.receipt(of: name), nil)
    } catch {
      guard error.kind == .wrongType else { throw error }
      (receipt, receiptProblem) = (nil, error)
    }
    fleet = try store.fleet()
    differences = fleet.firing.first?.record?.differences(fromCommand: options, delivery: nil) ?? []
    var last: FireRecord?
    try store.walkHistory(since: nil) { record in
      if record.name == name { last = record }
      return last == nil
    }
    historyBegin = try store.oldestRun()
    lastRun = last
    // Only this schedule's document is read, so that the count of overdue schedules is 0 or 1.
    let overdue = preview.overdueSince.map { FiringHealth.Overdue(count: 1, first: name, since: $0) }
    health = FiringHealth(fleet, overdue: overdue, lastRun: try store.newestRun(), now: now)
    outbox = try store.outboxLength()
    setAside = try Self.setAside(of: document, in: store)
    if case .success(let plan) = try store.preview(document, context: context, defaultQueue: defaultQueue) {
      self.plan = plan
      (destination, brokerProblem) = Self.destination(of: plan, broker)
      var problem = destination?.problem
      for place in destination?.places ?? [] where problem == nil {
        let queue = broker.queue(of: place.name)
        problem =
          try context.nameProblem?(queue).map { "\(EntryName(queue)) \($0)" }
          ?? store.problem(ofPlace: place.name, named: place.words)
      }
      queueProblem = problem
    } else {
      plan = nil
      destination = nil
      brokerProblem = nil
      queueProblem = nil
    }
  }

  /// Where a message goes.
  struct Destination {
    /// The queues; nil: the broker does not tell them.
    var places: [Place]?
    /// Why it can go nowhere; nil: it can.
    var problem: String?

    struct Place {
      /// As the broker calls it.
      let name: [UInt8]
      let words: String
      /// The number of messages that wait there; nil: not known.
      let length: Int64?
    }
  }

  /// A message tells its task and not its schedule, which the watermark and the history know.
  private static func setAside(
    of document: StoredDocument, in store: any StoreInspector
  ) throws(StoreError) -> [MessagesSetAside.Message] {
    let messages = try store.visibleMessagesSetAside(atMost: Limit.messagesSetAside.most).newest
    guard !messages.isEmpty else { return [] }
    let ids = Set(messages.map(\.taskID))
    var own: Set<String> = []
    if let last = document.watermark?.taskID?.description { own.insert(last) }
    try store.walkHistory(since: nil) { record in
      if record.name == document.name, ids.contains(record.taskID) { own.insert(record.taskID) }
      return true
    }
    return messages.filter { own.contains($0.taskID) }
  }

  private static func destination(
    of plan: FirePlan, _ broker: any BrokerInspector
  ) -> (Destination?, StoreError?) {
    do throws(StoreError) {
      switch try broker.target(of: plan.route) {
      case .exchange: return (Destination(), nil)
      case .nowhere(let problem, let fix): return (Destination(places: [], problem: "\(problem): \(fix)"), nil)
      case .queues(let queues):
        var places: [Destination.Place] = []
        for queue in queues {
          let place = broker.place(of: queue, priority: plan.priority)
          places.append(
            Destination.Place(name: place, words: broker.words(for: place), length: try broker.length(of: place)))
        }
        return (Destination(places: places), nil)
      }
    } catch { return (nil, error) }
  }

  private static func enabled(
    _ document: StoredDocument, _ preview: SchedulePreview, _ context: DocumentContext, _ now: UnixTime
  ) -> SchedulePreview? {
    guard preview.state == .disabled, let bytes = document.bytes, var editor = try? DocumentEditor(bytes) else {
      return nil
    }
    editor.set("enabled", to: "true")
    return SchedulePreview(
      document.name, before: document.read, edited: editor.bytes, context: context, now: now)
  }

  var zone: ZoneRules { preview.zone ?? .utc }
}
