import ArgumentParser
import BeatCore
import Glibc
import ReactiveBeat

/// An event that a watch shows.
enum WatchEvent {
  case watching(schedules: Int)
  case fired(FireRecord)
  /// A daemon has noticed an edit, and its receipt says what it made of the document.
  case edited(EntryName, EditReceipt)
  /// An edit happened while no daemon fires.
  case unheard(EntryName)
  case removed(EntryName)
  case leading(Fleet.Member)
  case nobody(String)
  case disconnected(String)
  case reconnected
}

/// The place where events are shown.
protocol WatchView: AnyObject {
  /// Whether the view changes as time passes, without an event.
  var counts: Bool { get }
  /// Whether a user can press keys on standard input.
  var hasKeys: Bool { get }
  func begin()
  func tell(_ event: WatchEvent, at time: UnixTime)
  /// Draws the state, any part of which may have changed.
  func draw(_ state: WatchState, now: UnixTime)
  func end()
}

/// What a watch knows at a moment.
struct WatchState {
  struct Row {
    let name: EntryName
    let task: String
    let schedule: String
    let next: SchedulePreview.Occurrence?
    let isRejected: Bool
  }

  let url: StoreAddress
  let prefix: EntryName
  var rows: [EntryName: Row] = [:]
  var fleet: Fleet?
  var loss: String?
  /// When the newest run that this watch knows was fired.
  var lastRun: UnixTime?

  /// The schedules that should have been sent by now, by what was known when each was last read.
  func overdue(_ now: UnixTime) -> FiringHealth.Overdue? {
    var late: (count: Int, row: Row, sent: UnixTime)?
    for row in rows.values {
      guard let sent = row.next?.sent, sent <= now else { continue }
      let isFirst = late.map { sent < $0.sent } ?? true
      late = ((late?.count ?? 0) + 1, isFirst ? row : late?.row ?? row, isFirst ? sent : late?.sent ?? sent)
    }
    return late.map { FiringHealth.Overdue(count: $0.count, first: $0.row.name, since: $0.sent) }
  }
}

/// Watches one store until it is told to end. A store that becomes unreachable is waited for.
final class WatchSession {
  private var context: DocumentContext
  private let fit: (any StoreEditor) throws -> DocumentContext
  private let patterns: [NamePattern]
  private let view: any WatchView
  private let loop: EventLoop
  private var state: WatchState
  private var isOver = false
  /// The difference between Redis' clock and this machine's, in microseconds.
  private var offset: Int64 = 0
  private var start = UnixTime(microseconds: 0)
  private var leader: String?
  /// Edits whose receipts have not come yet, with the number of further looks for each.
  private var awaited: [EntryName: Int] = [:]
  private var heard: [EntryName: UnixTime] = [:]

  private static let receiptDelay: Int64 = 150_000
  private static let fleetInterval: Int64 = 5_000_000

  /// - Parameter fit: makes the context for the documents on the store.
  init(
    _ store: StoreAddress, prefix: EntryName, context: DocumentContext, patterns: [NamePattern], view: any WatchView,
    fit: @escaping (any StoreEditor) throws -> DocumentContext
  ) throws {
    self.context = context
    self.fit = fit
    self.patterns = patterns
    self.view = view
    loop = try EventLoop()
    state = WatchState(url: store, prefix: prefix)
  }

  private var now: UnixTime { SystemClock.now().advanced(by: offset) }
  private func wake() { if loop.isRunning { loop.stop() } }

  /// - Parameter connect: makes the first connection. It is an error if the store cannot be reached then.
  func run(_ connect: (EventLoop) throws -> any StoreEditor) throws {
    var signals: [SignalSource] = []
    for signal in [SIGINT, SIGTERM, SIGHUP] {
      signals.append(
        try SignalSource(on: loop, signal: signal) { [unowned self] in
          isOver = true
          wake()
        })
    }
    // The window's size has changed: the view is redrawn.
    signals.append(try SignalSource(on: loop, signal: SIGWINCH) { [unowned self] in wake() })
    signals.append(try SignalSource(on: loop, signal: SIGTSTP) { [unowned self] in suspend() })
    defer { withExtendedLifetime(signals) {} }
    let keyboard =
      view.hasKeys ? try InputSource(on: loop, descriptor: STDIN_FILENO) { [unowned self] in readKeys() } : nil
    defer { withExtendedLifetime(keyboard) {} }

    // At the start an unreachable store is an error. Later it is waited for.
    var client = try connect(loop)
    var watch = try StoreWatches.begin(client, on: loop)
    context = try fit(client)
    view.begin()
    defer { view.end() }
    try load(client, isFirst: true)
    while !isOver {
      do {
        try serve(client, watch)
      } catch let error as StoreError {
        tell(.disconnected(error.message))
        state.loss = error.message
        watch.close()
        while !isOver {
          view.draw(state, now: now)
          pause(1_000_000)
          if isOver { break }
          do {
            client = try connect(loop)
            watch = try StoreWatches.begin(client, on: loop)
            try load(client, isFirst: false)
            break
          } catch is StoreError { continue }
        }
      }
    }
  }

  /// `q` ends the watch. So does the end of input: the user's terminal has gone.
  private func readKeys() {
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = read(STDIN_FILENO, &bytes, bytes.count)
    if count < 0, errno == EINTR || errno == EAGAIN { return }
    guard count <= 0 || bytes[..<count].contains(where: { "qQ".utf8.contains($0) }) else { return }
    isOver = true
    wake()
  }

  /// Ctrl-Z: the terminal is restored before the process stops, and taken again when it continues.
  private func suspend() {
    view.end()
    raise(SIGSTOP)
    view.begin()
    wake()
  }

  private func tell(_ event: WatchEvent) { view.tell(event, at: now) }

  private func isWanted(_ name: EntryName) -> Bool {
    patterns.isEmpty || patterns.contains { $0.literal == name || $0.matches(name) }
  }

  private func load(_ client: any StoreEditor, isFirst: Bool) throws {
    try synchronise(client)
    if isFirst { start = now }
    state.rows = [:]
    state.loss = nil
    try client.eachDocument(client.names().filter(isWanted)) { [self] document in take(document) }
    if isFirst { tell(.watching(schedules: state.rows.count)) } else { tell(.reconnected) }
  }

  private func synchronise(_ client: any StoreEditor) throws {
    offset = try client.time().microseconds(since: SystemClock.now())
  }

  private func take(_ document: StoredDocument) {
    guard !document.isAbsent else {
      if state.rows.removeValue(forKey: document.name) != nil { tell(.removed(document.name)) }
      return
    }
    let preview = SchedulePreview(document.name, document.read, context: context, now: now)
    var isRejected = false
    if case .rejected = preview.state { isRejected = true }
    state.rows[document.name] = WatchState.Row(
      name: document.name, task: preview.task ?? "", schedule: preview.schedule?.briefly ?? "", next: preview.next,
      isRejected: isRejected)
  }

  private func lookAtFleet(_ client: any StoreEditor) throws {
    let fleet = try client.fleet()
    state.fleet = fleet
    let firing = fleet.firing.first
    guard firing?.instance ?? "" != leader else { return }
    leader = firing?.instance ?? ""
    if let firing {
      tell(.leading(firing))
    } else {
      tell(.nobody(HealthWords.reason(FiringHealth(fleet, now: now), now: now, state.url.terms) ?? ""))
    }
  }

  /// Shows events until the watch ends, or until the store is lost.
  private func serve(_ client: any StoreEditor, _ watch: any StoreWatch) throws {
    var (isReceiptTime, isFleetTime) = (false, false)
    let receiptTimer = LoopTimer(on: loop) { [unowned self] in
      isReceiptTime = true
      wake()
    }
    let fleetTimer = LoopTimer(on: loop) { [unowned self] in
      isFleetTime = true
      wake()
    }
    let ticker = LoopTimer(on: loop) { [unowned self] in wake() }
    fleetTimer.schedule(after: Self.fleetInterval)
    // From here on an unreachable store is waited for.
    try lookAtFleet(client)
    while !isOver {
      view.draw(state, now: now)
      if view.counts, !ticker.isScheduled {
        // The countdown changes with the seconds of Redis' clock, in which it is counted.
        ticker.schedule(after: 1_000_000 - now.microseconds % 1_000_000)
      }
      if !isReceiptTime, !isFleetTime, !isOver { loop.run() }
      let news = watch.take()
      if let loss = news.loss { throw StoreError(.unreachable, loss) }
      for run in news.runs {
        state.lastRun = run.firedAt
        if isWanted(run.name) { tell(.fired(run)) }
      }
      let touched = news.touched.filter(isWanted)
      if !touched.isEmpty {
        for document in try client.documents(Array(touched)) { take(document) }
      }
      for name in news.edited where state.rows[name] != nil { awaited[name] = 4 }
      if !awaited.isEmpty, !receiptTimer.isScheduled { receiptTimer.schedule(after: Self.receiptDelay) }
      if isReceiptTime {
        isReceiptTime = false
        try lookForReceipts(client)
        if !awaited.isEmpty { receiptTimer.schedule(after: Self.receiptDelay) }
      }
      if isFleetTime || news.isLeaseChanged {
        // A daemon needs a moment to take over a lease that has become free.
        fleetTimer.schedule(after: news.isLeaseChanged ? 300_000 : Self.fleetInterval)
        isFleetTime = false
        try lookAtFleet(client)
        try synchronise(client)
      }
    }
  }

  private func lookForReceipts(_ client: any StoreEditor) throws {
    for (name, tries) in awaited {
      guard state.rows[name] != nil else {
        awaited[name] = nil
        continue
      }
      let receipt = try client.receipt(of: name)
      if let receipt, receipt.heard > heard[name] ?? start {
        heard[name] = receipt.heard
        awaited[name] = nil
        tell(.edited(name, receipt))
      } else if tries > 1 {
        awaited[name] = tries - 1
      } else {
        awaited[name] = nil
        if leader == "" { tell(.unheard(name)) }
      }
    }
  }

  private func pause(_ microseconds: Int64) {
    let timer = LoopTimer(on: loop) { [unowned self] in wake() }
    timer.schedule(after: microseconds)
    loop.run()
  }
}
