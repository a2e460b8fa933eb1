import BeatCore
import ReactiveBeat

/// What is known of one schedule, read in a few round trips.
struct Evidence {
  let name: EntryName
  let now: UnixTime
  let document: StoredDocument
  let standing: ScheduleStanding
  /// What it would be if it were enabled now; nil: it is enabled, or cannot be used.
  let whenEnabled: ScheduleStanding?
  let account: ScheduleAccount?
  let receipt: EditReceipt?
  /// Why it could not be read; a schedule fires without it.
  let receiptProblem: StoreError?
  let fleet: Fleet
  let health: FiringHealth
  let lastRun: FireRecord?
  /// When the oldest run that the history still holds was fired.
  let historyBegin: UnixTime?
  let plan: FirePlan?
  /// The lists its message goes to with their lengths; nil: the broker has not told them.
  let lists: [(name: [UInt8], length: Int64?)]?
  /// Why it has not.
  let brokerProblem: StoreError?
  /// Why no message could be pushed to those lists, where that is known; nil: it can, as far as is known.
  let queueProblem: String?
  let outbox: Int64
  let broker: RedisURL
  let keys: RedisKeys

  init(
    of name: EntryName, _ client: StoreClient, context: DocumentContext, defaultQueue: String, broker: RedisURL,
    kombu: KombuKeys
  ) throws {
    self.name = name
    self.broker = broker
    keys = client.keys
    now = try client.time()
    let document = try client.document(name)
    self.document = document
    standing = ScheduleStanding(name, document.read, context: context, now: now)
    whenEnabled = Self.enabled(document, standing, context, now)
    account = ScheduleAccount(standing, document.read, context: context)
    do {
      (receipt, receiptProblem) = (try client.receipt(of: name), nil)
    } catch {
      guard error.kind == .wrongType else { throw error }
      (receipt, receiptProblem) = (nil, error)
    }
    fleet = try client.fleet()
    var (last, oldest): (FireRecord?, UnixTime?) = (nil, nil)
    try client.walkHistory { entry in
      if entry.record.name == name { last = entry.record }
      return last == nil
    }
    let first = try client.command(RedisCommand("XRANGE", client.keys.history, "-", "+", "COUNT", 1))
    let milliseconds = first.array?.first?.array?.first?.text?.split(separator: "-").first.flatMap { Int64($0) }
    oldest = milliseconds.flatMap { milliseconds in
      let (microseconds, isTooFar) = milliseconds.multipliedReportingOverflow(by: 1000)
      return isTooFar ? nil : UnixTime(microseconds: microseconds)
    }
    lastRun = last
    // Of the others nothing is read: whether this one is overdue says as much as can be said of it.
    let overdue = standing.overdueSince.map { FiringHealth.Overdue(count: 1, first: name, since: $0) }
    health = FiringHealth(fleet, overdue: overdue, lastRun: try client.newestRun(), now: now)
    historyBegin = oldest
    outbox = try client.command(RedisCommand("LLEN", client.keys.outbox)).integer ?? 0
    if case .success(let plan) = try client.preview(document, context: context, defaultQueue: defaultQueue) {
      self.plan = plan
      (lists, brokerProblem) = Self.lists(of: plan, client, broker, kombu)
      let fit = try client.clusterFit()
      queueProblem =
        lists?.lazy.compactMap { list, _ in
          let queue = kombu.place(of: list)?.queue ?? list
          return context.reserved?.problem(queue).map { "\(EntryName(queue)) \($0)" }
            ?? fit?.problem(ofList: list, queue: kombu.words(for: list))
        }.first
    } else {
      plan = nil
      lists = nil
      brokerProblem = nil
      queueProblem = nil
    }
  }

  private static func lists(
    of plan: FirePlan, _ client: StoreClient, _ broker: RedisURL, _ kombu: KombuKeys
  ) -> ([(name: [UInt8], length: Int64?)]?, StoreError?) {
    do throws(StoreError) {
      var lists: [(name: [UInt8], length: Int64?)] = []
      for list in try client.lists(of: plan, on: broker, kombu: kombu) {
        lists.append((list, try StoreClient(broker, keys: client.keys).command(RedisCommand("LLEN", list)).integer))
      }
      return (lists, nil)
    } catch { return (nil, error) }
  }

  private static func enabled(
    _ document: StoredDocument, _ standing: ScheduleStanding, _ context: DocumentContext, _ now: UnixTime
  ) -> ScheduleStanding? {
    guard standing.state == .disabled, let bytes = document.bytes, var editor = try? DocumentEditor(bytes) else {
      return nil
    }
    editor.set("enabled", to: "true")
    return ScheduleStanding(
      document.name, before: document.read, edited: editor.bytes, context: context, now: now)
  }

  var zone: ZoneRules { standing.zone ?? .utc }
}
