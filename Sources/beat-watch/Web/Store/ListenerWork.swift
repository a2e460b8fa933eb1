import BeatCore
import ReactiveBeat

/// What the listener's thread does. It belongs to that thread.
///
/// A call of the store runs the loop until the answer is there, and what other threads send comes in any such run. So
/// what comes is only written down, and done when no call is under way.
final class ListenerWork {
  private let source: StoreSource
  private let index: IndexDesk
  private let loop: EventLoop
  private var isOver = false

  // MARK: what was written down

  private var toRead: Set<EntryName> = []
  /// Documents that were written in place: a run of theirs is probably told as well, and says all.
  private var writtenInPlace: Set<EntryName> = []
  /// The schedules that ran lately: in this interval, and in the one before.
  private var ran: (now: Set<EntryName>, before: Set<EntryName>) = ([], [])
  private var shown: Set<EntryName> = []
  private var hasBrowsers = false
  /// Edits of shown schedules whose receipts have not come yet.
  private var awaited: [EntryName: Awaited] = [:]
  private var heard: [EntryName: UnixTime] = [:]
  private var overdue: FiringHealth.Overdue?
  private var isSystemAsked = false
  private var isLookedAt = false
  private var isWoken = false

  /// An edit, the time before which its receipt cannot have been written, and the number of further looks.
  private struct Awaited {
    var since: UnixTime
    var looks = 20
  }

  // MARK: what is due

  private var isReadTime = true
  private var isFleetTime = false
  private var isAuditTime = false

  /// Microseconds. Documents are read at most so often, many at once.
  private static let readInterval: Int64 = 100_000
  /// A daemon may hear of an edit before this thread does.
  private static let receiptLead: Int64 = 2_000_000
  private static let fleetInterval: Int64 = 5_000_000
  private static let retryInterval: Int64 = 1_000_000
  /// All documents are read again after this time, or twenty times as long as it takes.
  private static let auditInterval: Int64 = 60_000_000
  private static let auditShare: Int64 = 20
  /// The same where nothing tells of edits.
  private static let blindInterval: Int64 = 5_000_000
  /// The most runs of the history that are read.
  private static let mostHistory = 50_000
  private static let rowsAtOnce = 500

  init(_ source: StoreSource, _ index: IndexDesk, on loop: EventLoop) {
    self.source = source
    self.index = index
    self.loop = loop
  }

  func end() {
    isOver = true
    wake()
  }

  func readAgain(_ names: [EntryName]) {
    toRead.formUnion(names)
    wake()
  }

  func show(_ names: Set<EntryName>, hasBrowsers: Bool) {
    if hasBrowsers, !self.hasBrowsers { isFleetTime = true }
    (shown, self.hasBrowsers) = (names, hasBrowsers)
    heard = heard.filter { names.contains($0.key) }
    awaited = awaited.filter { names.contains($0.key) }
    wake()
  }

  private func wake() {
    isWoken = true
    if loop.isRunning { loop.stop() }
  }

  /// The thread's whole life.
  func run() {
    while !isOver {
      do { try serve() } catch {
        guard !isOver else { break }
        let reason = APIProblem(error).message
        index.post { $0.storeLost(reason) }
        pause(Self.retryInterval)
      }
    }
  }

  private func pause(_ microseconds: Int64) {
    var isTime = false
    let timer = LoopTimer(on: loop) { [unowned self] in
      isTime = true
      if loop.isRunning { loop.stop() }
    }
    timer.schedule(after: microseconds)
    while !isTime, !isOver { loop.run() }
  }

  // MARK: one connection

  private func serve() throws {
    let client = try source.connect(loop)
    defer { client.close() }
    let watch = try watch(client)
    defer { watch?.close() }
    var context = try source.context(client)
    try synchronise(client)
    index.post { $0.storeFound() }
    try load(client, context)
    try readHistory(client)

    let readTimer = timer { $0.isReadTime = true }
    let fleetTimer = timer { $0.isFleetTime = true }
    let auditTimer = timer { $0.isAuditTime = true }
    var loadTime = lastLoad
    fleetTimer.schedule(after: Self.fleetInterval)
    let interval = watch == nil ? Self.blindInterval : Self.auditInterval
    auditTimer.schedule(after: max(interval, Self.auditShare * loadTime))
    (isReadTime, isFleetTime, isAuditTime) = (true, hasBrowsers, false)
    while !isOver {
      // News may have come during a call, which has used up the watch's wake-up.
      var news = watch?.take() ?? StoreNews()
      if news.isEmpty, !isWoken {
        loop.run()
        news = watch?.take() ?? StoreNews()
      }
      isWoken = false
      if let loss = news.loss { throw StoreError(.unreachable, loss) }
      take(news)
      if isReadTime {
        isReadTime = false
        let names = namesToRead()
        if !names.isEmpty { try read(names, client, context) }
        try lookForReceipts(client)
      }
      if !readTimer.isScheduled, hasToRead { readTimer.schedule(after: Self.readInterval) }
      if isFleetTime || news.isLeaseChanged {
        // A daemon needs a moment to take over a lease that has become free.
        fleetTimer.schedule(after: news.isLeaseChanged ? 300_000 : Self.fleetInterval)
        if isFleetTime, hasBrowsers { askForSystem() }
        isFleetTime = false
      }
      if isSystemAsked {
        isSystemAsked = false
        try tellSystem(client)
      }
      if isAuditTime {
        isAuditTime = false
        try synchronise(client)
        if isLookedAt {
          context = try source.context(client)
          try load(client, context)
          loadTime = lastLoad
        }
        isLookedAt = false
        askWhetherLookedAt()
        auditTimer.schedule(after: max(interval, Self.auditShare * loadTime))
      }
    }
  }

  /// Begins to watch; nil: the server has nothing that tells of edits, or not to this user. Then only the audits see
  /// them.
  private func watch(_ client: any StoreEditor) throws -> (any StoreWatch)? {
    do { return try source.watch(client, loop) } catch let error as StoreError {
      switch error.kind {
      case .denied, .unsuitable, .refused, .wrongType: return nil
      case .unreachable, .readOnly, .notReady: throw error
      }
    }
  }

  private func tellSystem(_ client: any StoreEditor) throws {
    let report: SystemReport
    do { report = try SystemReport(client, source, overdue: overdue) } catch let error as StoreError {
      // A user who may not see all of it sees the schedules all the same.
      if error.kind == .unreachable { throw error }
      return
    }
    let json = Array(report.json.line.utf8)
    index.post { $0.take(system: json) }
  }

  private func timer(_ note: @escaping (ListenerWork) -> Void) -> LoopTimer {
    LoopTimer(on: loop) { [unowned self] in
      note(self)
      wake()
    }
  }

  /// The store's clock less this machine's, in microseconds.
  private var clockOffset: Int64 = 0

  private func synchronise(_ client: any StoreEditor) throws {
    let offset = try client.time().microseconds(since: SystemClock.now())
    clockOffset = offset
    index.post { $0.set(clockOffset: offset) }
  }

  /// How long the last load took; microseconds.
  private var lastLoad: Int64 = 0

  private func load(_ client: any StoreEditor, _ context: DocumentContext) throws {
    let start = MonotonicTime.now()
    index.post { $0.loadBegins() }
    try read(client.names(), client, context)
    index.post { $0.loadEnds() }
    lastLoad = MonotonicTime.now().microseconds(since: start)
  }

  /// Reads documents and sends their rows on as they arrive.
  private func read(_ names: [EntryName], _ client: any StoreEditor, _ context: DocumentContext) throws {
    let now = try client.time()
    var rows: [ScheduleRow] = []
    var gone: [EntryName] = []
    func send() {
      let (found, absent) = (rows, gone)
      index.post { keeper in
        keeper.put(found)
        keeper.remove(absent)
      }
      (rows, gone) = ([], [])
    }
    try client.eachDocument(names) { document in
      if let row = ScheduleRow(document, context: context, now: now) {
        rows.append(row)
      } else {
        gone.append(document.name)
      }
      if rows.count >= Self.rowsAtOnce { send() }
    }
    send()
  }

  private func readHistory(_ client: any StoreEditor) throws {
    var history: [FireRecord] = []
    let start = try client.time().advanced(by: -Int64(ActivityLog.minutes) * 60_000_000)
    do throws(StoreError) {
      try client.walkHistory(since: start) { run in
        history.append(run)
        return history.count < Self.mostHistory
      }
    } catch {
      // A user may lack the right to read the history, and sees the schedules all the same.
      if error.kind == .unreachable { throw error }
    }
    let found = history
    index.post { $0.fill(found) }
  }

  // MARK: news

  private func take(_ news: StoreNews) {
    if !news.runs.isEmpty {
      let runs = news.runs
      index.post { $0.take(runs) }
      for run in runs { ran.now.insert(run.name) }
    }
    toRead.formUnion(news.edited)
    writtenInPlace.formUnion(news.touched.subtracting(news.edited))
    let since = SystemClock.now().advanced(by: clockOffset - Self.receiptLead)
    for name in news.edited where shown.contains(name) { awaited[name] = Awaited(since: since) }
  }

  private var hasToRead: Bool {
    !toRead.isEmpty || !writtenInPlace.isEmpty || !waiting.isEmpty || !awaited.isEmpty || !ran.now.isEmpty
  }

  /// The documents that have to be read now. One that was written in place waits for an interval, in which its run is
  /// told.
  private func namesToRead() -> [EntryName] {
    let silent = waiting.filter { !ran.now.contains($0) && !ran.before.contains($0) }
    waiting = writtenInPlace
    writtenInPlace = []
    ran = ([], ran.now)
    let names = toRead.union(silent)
    toRead = []
    return Array(names)
  }

  /// What was written in place in the interval before.
  private var waiting: Set<EntryName> = []

  private func lookForReceipts(_ client: any StoreEditor) throws {
    var found: [(EntryName, EditReceipt)] = []
    for (name, edit) in awaited {
      do throws(StoreError) {
        let receipt = try client.receipt(of: name)
        if let receipt, receipt.heard > heard[name] ?? edit.since {
          heard[name] = receipt.heard
          found.append((name, receipt))
          awaited[name] = nil
          continue
        }
      } catch { if error.kind == .unreachable { throw error } }
      awaited[name] = edit.looks > 1 ? Awaited(since: edit.since, looks: edit.looks - 1) : nil
    }
    let receipts = found
    if !receipts.isEmpty { index.post { $0.take(receipts) } }
  }

  /// Asks the index for what is overdue; its answer makes the listener look at the daemons.
  private func askForSystem() {
    let reply = reply
    index.post { keeper in
      let overdue = keeper.overdue
      reply { work in
        (work.overdue, work.isSystemAsked) = (overdue, true)
        work.wake()
      }
    }
  }

  private func askWhetherLookedAt() {
    let reply = reply
    index.post { keeper in
      let isLookedAt = keeper.isLookedAt
      reply { $0.isLookedAt = isLookedAt }
    }
  }

  /// Sends work to this thread, from the index's.
  var reply: @Sendable (@escaping @Sendable (ListenerWork) -> Void) -> Void = { _ in }
}
