/// The scheduler: what is due when, and what has to be done about it. Pure: time comes in as an argument, what has to
/// be done comes out as actions. It knows no socket and no clock.
///
/// The way of an edit: `touched` -> `.read` -> `read` -> `ScheduleDocument` -> `DueHeap` -> `.armTimer`.
/// The way of a fire: `timerFired` -> `FirePlan` -> `.fire` -> `fireEnded` -> next due -> `.armTimer`.
package struct Scheduler {
  package internal(set) var configuration: SchedulerConfiguration

  var load = LoadState()
  /// This daemon is the one that fires: so until it is told otherwise.
  package private(set) var isLeading = true

  var entries = EntryTable()
  /// What lies ahead, and what has just fallen due.
  var heap = DueHeap()
  /// What is late, and waits for its turn behind that.
  var backlog = Backlog()
  /// Those that were begun in time and have not been far behind since.
  var keptPace = HandleSet()
  /// Begun in a row that were on time, up to the number after which one that is behind has its turn.
  var begunOnTime = 0
  /// nil: fires have no limit.
  var rate: FireRate?
  var busiest = BusiestSchedules()
  var templates = FireTemplates()
  /// Of `configuration.documents`.
  var memo = ScheduleMemo()
  /// Documents that are set aside.
  var rejected: [EntryName: Rejection] = [:]
  var reads = ReadsUnderWay()
  var secondLooks = SecondLooks()
  /// Entries whose base lies ahead of the store's clock, as far as this process knows it.
  var ahead: Set<EntryName> = []
  /// nil: the store's clock was not set ahead, or was set back since.
  var stepAhead: StepAhead?
  var oddities = Oddities()
  /// Scripts on their way.
  var inFlight = 0
  /// Of their documents and messages; bytes.
  var bytesInFlight = 0
  /// nil: nothing goes by the outbox, or there is no broker that takes from it now, and it fills.
  var outbox: OutboxPace?
  var actions: [Action] = []

  /// What the timer is set to.
  private(set) var armed: UnixTime?

  package init(_ configuration: SchedulerConfiguration) {
    self.configuration = configuration
    rate = configuration.maximumRate.map { FireRate(perSecond: $0) }
  }

  /// A full load has finished, and events are being heard.
  package var isWatching: Bool { load.isWatching }

  /// Schedules that are understood: enabled, disabled and finished ones.
  package var scheduleCount: Int { entries.count }
  package var rejectedCount: Int { rejected.count }
  /// Of all documents that are known, those that are set aside included.
  package var names: [EntryName] { entries.names + rejected.keys }

  /// Whether there is a document of this name, understood or not.
  package func isPresent(_ name: EntryName) -> Bool { entries.handle(of: name) != nil || rejected[name] != nil }

  /// Whether a document, as it was read, is what is known of it.
  package func isKnown(_ name: EntryName, _ read: DocumentRead) -> Bool {
    let entry = entries.handle(of: name).flatMap { entries[$0] }
    switch read.content {
    case .absent: return entry == nil && rejected[name] == nil
    case .document(let bytes): return entry?.document == bytes || isRejected(name, bytes)
    case .unusable, .tooLong: return rejected[name] != nil
    }
  }

  /// Whether what is known of a document is all that we shall hear of it for now: no read of it, and no script that
  /// writes it, is on its way.
  package func isQuiet(_ name: EntryName) -> Bool {
    guard !reads.contains(name), !secondLooks.contains(name) else { return false }
    switch entries.handle(of: name).flatMap({ entries[$0]?.phase }) {
    case .firing, .unresolved, .unread: return false
    case .dormant, .waiting, nil: return true
    }
  }

  /// Whether these very bytes are set aside.
  func isRejected(_ name: EntryName, _ bytes: [UInt8]) -> Bool {
    rejected[name]?.document?.isOf(bytes, configuration.sha1) ?? false
  }

  /// Takes in what has happened, at `now`, and tells what has to be done, in order.
  package mutating func receive(_ event: Event, now: UnixTime) -> [Action] {
    switch event {
    case .storeReplaced: load.storeReplaced()
    case .loadStarted: beginLoad(whileWatching: false)
    case .refreshStarted: beginLoad(whileWatching: isWatching)
    case .read(let name, let read):
      received(read, of: name, now: now)
      dispatchEdit(now: now)
    case .loadFinished: finishLoad()
    case .touched(let name): touch(name)
    case .timerFired:
      armed = nil
      dispatchDue(now: now)
    case .obstacleGone: retryDeferred()
    case .relayed(let waiting):
      if let waiting {
        if outbox == nil { outbox = OutboxPace() }
        outbox?.told(waiting)
      } else {
        outbox = nil
      }
    case .fireEnded(let plan, let outcome): ended(plan, outcome, now: now)
    case .leadershipChanged(let isLeading):
      let begins = isLeading && !self.isLeading
      if begins { beginLeading(now: now) }
      self.isLeading = isLeading
      // What was refused while we led before may go through now.
      if begins {
        retryDeferred()
        readDamagedWatermarks()
      }
    case .clockStepped(let step): clockStepped(by: step, now: now)
    case .clockTold: clockTold(now: now)
    case .documentsChanged(let context): documentsChanged(context, now: now)
    case .disconnected: disconnect()
    }
    keepTrailingFields()
    armTimer(now: now)
    defer { actions = [] }
    return actions
  }

  /// Puts an entry where its next occurrence belongs: into the heap, or to rest. What is late there is put behind in
  /// its turn, so that of several the oldest comes first.
  mutating func wait(_ handle: DueHeap.Handle) { wait(handle, next: entries[handle]?.nextDue) }

  /// - Parameter next: the entry's `nextDue`.
  mutating func wait(_ handle: DueHeap.Handle, next: UnixTime?) {
    if let next, let time = entries[handle]?.sending(of: next) {
      wait(handle, until: time)
    } else {
      move(handle, to: .dormant)
      unqueue(handle)
    }
  }

  mutating func wait(_ handle: DueHeap.Handle, until time: UnixTime) {
    move(handle, to: .waiting)
    heap.set(handle, due: time)
    backlog.remove(handle)
  }

  mutating func move(_ handle: DueHeap.Handle, to phase: ScheduleEntry.Phase) {
    guard let illegal = entries[handle]?.transition(to: phase), let name = entries[handle]?.name else { return }
    tell(illegal, of: name)
  }

  /// An illegal move is an error of ours: it was not made, and is told.
  mutating func tell(_ illegal: ScheduleEntry.IllegalMove?, of name: EntryName) {
    guard let illegal else { return }
    actions.append(.report(.warned(name, "an error of the daemon, which goes on: \(illegal.rawValue)")))
  }

  /// It does not wait for any time.
  mutating func unqueue(_ handle: DueHeap.Handle) {
    heap.remove(handle)
    backlog.remove(handle)
  }

  /// What the timer was set to means another moment now: it is armed again.
  mutating func forgetTimer() { armed = nil }

  /// One timer, for the earliest; armed again only when that changes.
  private mutating func armTimer(now: UnixTime) {
    let wanted = wakeTime(now: now)
    guard wanted != armed else { return }
    armed = wanted
    actions.append(.armTimer(wanted))
  }
}
