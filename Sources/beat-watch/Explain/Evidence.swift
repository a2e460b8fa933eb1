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
  /// The lists that the message goes to, with their lengths; nil: there is no message, or the broker could not be
  /// asked.
  let lists: [(name: [UInt8], length: Int64?)]?
  /// Why the broker could not be asked; nil: it answered, or there is no message.
  let brokerProblem: StoreError?
  /// Why no message could be pushed to those lists; nil: no reason is known.
  let queueProblem: String?
  let outbox: Int64
  /// The options in which this command differs from the daemon that fires.
  let differences: [DaemonDifference]
  /// The document's place, as the store calls it.
  let place: [UInt8]
  let terms: any StoreTerms
  /// The broker's name, as users know it.
  let broker: String

  init(
    of name: EntryName, _ store: any StoreInspector, context: DocumentContext, defaultQueue: String,
    broker: any BrokerInspector, kombu: KombuKeys, options: [DaemonOption]
  ) throws {
    self.name = name
    place = store.place(of: name)
    terms = store.terms
    self.broker = broker.name
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
    if case .success(let plan) = try store.preview(document, context: context, defaultQueue: defaultQueue) {
      self.plan = plan
      (lists, brokerProblem) = Self.lists(of: plan, broker)
      var problem: String?
      for (list, _) in lists ?? [] where problem == nil {
        let queue = kombu.place(of: list)?.queue ?? list
        problem =
          try context.nameProblem?(queue).map { "\(EntryName(queue)) \($0)" }
          ?? store.problem(ofPlace: list, named: kombu.words(for: list))
      }
      queueProblem = problem
    } else {
      plan = nil
      lists = nil
      brokerProblem = nil
      queueProblem = nil
    }
  }

  private static func lists(
    of plan: FirePlan, _ broker: any BrokerInspector
  ) -> ([(name: [UInt8], length: Int64?)]?, StoreError?) {
    do throws(StoreError) {
      var lists: [(name: [UInt8], length: Int64?)] = []
      for queue in try broker.queues(of: plan.route) {
        let list = broker.place(of: queue, priority: plan.priority)
        lists.append((list, try broker.length(of: list)))
      }
      return (lists, nil)
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
