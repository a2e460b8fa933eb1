import BeatCore
import ReactiveBeat

/// What lives on the index's thread: the rows of all schedules, the runs of the last hours, and the events for browsers.
final class IndexKeeper {
  private(set) var index = ScheduleIndex()
  private var activity = ActivityLog()
  private(set) var live = LiveEvents()
  private let loop: EventLoop
  /// The store's clock less this machine's, in microseconds.
  private var clockOffset: Int64 = 0
  /// Why the store cannot be reached; nil: it can, or it has not been tried yet.
  private(set) var problem: String?
  /// Whether a whole load has ended.
  private(set) var isLoaded = false
  /// Somebody has looked at the schedules since the last load.
  private(set) var isLookedAt = true
  private var lastOverdueRead = MonotonicTime(nanoseconds: 0)
  /// The runs since the watch began, until the history's own are there.
  private var runsBeforeHistory: [FireRecord]? = []
  /// The newest runs that came from the history, which the watch may tell again.
  private var fromHistory: Set<String> = []

  /// Asks for documents to be read again.
  var readAgain: ([EntryName]) -> Void = { _ in }
  /// Tells which schedules are shown by some browser, and whether there are browsers.
  var tellWanted: (Set<EntryName>, Bool) -> Void = { _, _ in }
  /// Passes on what each listener gets. Nothing more is passed on before `delivered()`.
  var deliver: ([(token: LiveEvents.Token, bytes: [UInt8])]) -> Void = { _ in }
  private var isDelivering = false
  private lazy var flushTimer = LoopTimer(on: loop) { [unowned self] in flush() }
  private lazy var heartbeatTimer = LoopTimer(on: loop) { [unowned self] in beat() }

  /// Microseconds between two flushes, and between two comments for idle connections.
  private static let flushInterval: Int64 = 250_000
  private static let heartbeatInterval: Int64 = 15_000_000
  /// Overdue rows that are shown are read again after this time, since what becomes of them changes with time.
  private static let overdueAge: Int64 = 5_000_000
  private static let mostRunsKept = 10_000

  init(on loop: EventLoop) { self.loop = loop }

  var now: UnixTime { SystemClock.now().advanced(by: clockOffset) }
  var overdue: FiringHealth.Overdue? { index.overdue(at: now) }

  /// Ends the thread's loop.
  func end() { loop.stop() }

  // MARK: from the store

  func set(clockOffset offset: Int64) { clockOffset = offset }

  func storeFound() {
    if problem != nil { live.noteStore() }
    problem = nil
    (runsBeforeHistory, fromHistory) = ([], [])
    arm()
  }

  func storeLost(_ reason: String) {
    if problem != reason { live.noteStore() }
    problem = reason
    arm()
  }

  func loadBegins() {
    index.beginLoad()
    isLookedAt = false
  }

  func loadEnds() {
    for name in index.endLoad() { live.note(name) }
    isLoaded = true
    arm()
  }

  func put(_ rows: [ScheduleRow]) {
    for row in rows {
      index.put(row)
      live.note(row.name)
    }
    arm()
  }

  func remove(_ names: [EntryName]) {
    for name in names where index.remove(name) { live.note(name) }
    arm()
  }

  /// Takes in runs, the oldest first. Schedules whose documents must be read to know what comes next are read again.
  func take(_ runs: [FireRecord]) {
    var unknown: [EntryName] = []
    let now = now
    for run in runs where !fromHistory.contains(run.taskID) {
      if !index.take(run, now: now) { unknown.append(run.name) }
      activity.add(run, now: now)
      live.note(run)
      if let count = runsBeforeHistory?.count, count < Self.mostRunsKept { runsBeforeHistory?.append(run) }
    }
    if !unknown.isEmpty { readAgain(unknown) }
    arm()
  }

  /// Takes in the history, the newest run first.
  func fill(_ history: [FireRecord]) {
    activity = ActivityLog()
    let now = now
    var unknown: [EntryName] = []
    for run in history {
      activity.add(run, now: now)
      // It tells how late the last run of the row was. Few are newer than the row.
      if !index.take(run, now: now) { unknown.append(run.name) }
    }
    if !unknown.isEmpty { readAgain(unknown) }
    // A run without an id cannot be recognised.
    let known = Set(history.prefix(Self.mostRunsKept).map(\.taskID)).subtracting([""])
    for run in runsBeforeHistory ?? [] where !known.contains(run.taskID) { activity.add(run, now: now) }
    (runsBeforeHistory, fromHistory) = (nil, known)
  }

  func take(_ receipts: [(EntryName, EditReceipt)]) {
    for (name, receipt) in receipts { live.note(receipt, of: name) }
    arm()
  }

  func take(system json: [UInt8]) {
    live.note(system: json)
    arm()
  }

  // MARK: answers

  func answer(_ route: APIRoute, _ call: APICall) throws -> APIAnswer {
    switch route {
    case .schedules: return try list(ListQuery(call))
    case .facets:
      _ = try APIParameters(call, known: [])
      try requireRows()
      return facets()
    case .activity:
      let minutes = try APIParameters(call, known: ["minutes"]).number(
        "minutes", in: 1...ActivityLog.minutes, default: ActivityLog.minutes)
      return APIAnswer(activity.json(minutes, now: now))
    default: throw APIProblem(.notFound, "this call is answered elsewhere")
    }
  }

  private func requireRows() throws {
    isLookedAt = true
    if !isLoaded, index.count == 0, let problem { throw APIProblem(.storeUnreachable, problem) }
  }

  private func list(_ query: ListQuery) throws -> APIAnswer {
    try requireRows()
    let now = now
    let page = index.page(query, now: now)
    refresh(page.rows, now: now)
    return APIAnswer(
      .object([
        ("now", .time(now)), ("all", .count(index.count)), ("total", .count(page.total)),
        ("offset", .count(query.offset)),
        ("counts", LiveEvents.json(index.counts)), ("items", .list(page.rows.map { $0.json(now: now) })),
        ("loading", .boolean(!isLoaded)), ("stale", .text(problem)),
      ]))
  }

  private func refresh(_ rows: [ScheduleRow], now: UnixTime) {
    let old = rows.filter { $0.next.map { now.microseconds(since: $0.sent) > 1_000_000 } ?? false }.map(\.name)
    let time = MonotonicTime.now()
    guard !old.isEmpty, time.microseconds(since: lastOverdueRead) > Self.overdueAge else { return }
    lastOverdueRead = time
    readAgain(old)
  }

  private func facets() -> APIAnswer {
    let facets = index.facets(ListQuery.mostItems)
    func json(_ values: [(text: String, count: Int)]) -> JSONOutput {
      // A text that shows as another is found by a search, and is not offered.
      .list(
        values.filter { $0.text.printable == $0.text }.map {
          .object([("value", .text($0.text)), ("count", .count($0.count))])
        })
    }
    return APIAnswer(
      .object([("tasks", json(facets.tasks)), ("queues", json(facets.queues)), ("owners", json(facets.owners))]))
  }

  // MARK: browsers

  /// Returns false if there are too many listeners.
  func subscribe(_ token: LiveEvents.Token, _ names: [EntryName]) -> Bool {
    guard live.subscribe(token, names) else { return false }
    isLookedAt = true
    tellWanted(Set(live.wanted.keys), true)
    if !heartbeatTimer.isScheduled { heartbeatTimer.schedule(after: Self.heartbeatInterval) }
    if !isDelivering { flushTimer.schedule(after: 0) }
    return true
  }

  func unsubscribe(_ token: LiveEvents.Token) {
    live.unsubscribe(token)
    tellWanted(Set(live.wanted.keys), !live.isEmpty)
  }

  /// The listeners have got what was passed on.
  func delivered() {
    isDelivering = false
    arm()
  }

  private func arm() {
    guard live.hasNews, !isDelivering, !flushTimer.isScheduled else { return }
    flushTimer.schedule(after: Self.flushInterval)
  }

  private func flush() {
    guard live.hasNews, !isDelivering else { return }
    isLookedAt = true
    pass(live.flush(index, problem: problem, now: now))
  }

  private func beat() {
    guard !live.isEmpty else { return }
    heartbeatTimer.schedule(after: Self.heartbeatInterval)
    // Where the listeners do not get what was passed on, a comment would only make the line longer.
    if !isDelivering { pass(live.all(LiveEvents.heartbeat)) }
  }

  private func pass(_ parts: [(token: LiveEvents.Token, bytes: [UInt8])]) {
    guard !parts.isEmpty else { return }
    isDelivering = true
    deliver(parts)
  }
}
