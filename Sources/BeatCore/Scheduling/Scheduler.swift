/// The scheduler decides what is due when, and what must be done about it. It is pure: time comes in as an argument,
/// and what must be done comes out as actions. It knows no socket and no clock.
///
/// The way of an edit: `touched` -> `.read` -> `read` -> `ScheduleDocument` -> `DueHeap` -> `.armTimer`.
///
/// The way of a fire: `timerFired` -> `FirePlan` -> `.fire` -> `fireEnded` -> next due -> `.armTimer`.
package struct Scheduler {
  package internal(set) var configuration: SchedulerConfiguration

  var load = LoadState()
  /// This daemon is the leader: true until an event says otherwise.
  package private(set) var isLeading = true

  var entries = EntryTable()
  /// The schedules whose time lies ahead or has just come.
  var heap = DueHeap()
  /// The schedules that are late, and wait for their turn behind those.
  var backlog = Backlog()
  /// The schedules that have begun on time, and have not been behind by many runs since.
  var keptPace = HandleSet()
  /// How many schedules on time have begun in a row, up to the number after which the backlog has a turn.
  var begunOnTime = 0
  /// The limit of fires in a second; nil: there is none.
  var rate: FireRate?
  var busiest = BusiestSchedules()
  var templates = FireTemplates()
  /// How the messages of the present session get to the broker.
  var delivery = Delivery.direct
  /// The schedules that were parsed with `configuration.documents`, for documents that share them.
  var memo = ScheduleMemo()
  /// The documents that are set aside.
  var rejected: [EntryName: Rejection] = [:]
  var reads = ReadsUnderWay()
  var secondLooks = SecondLooks()
  /// The entries whose base lies ahead of the store's clock, as this process knows it.
  var ahead: Set<EntryName> = []
  /// The last step of the store's clock, if it was ahead; nil: there was none, or the last one was back.
  var stepAhead: StepAhead?
  var oddities = Oddities()
  /// How many scripts are in flight.
  var inFlight = 0
  /// The bytes of the documents and messages of these scripts.
  var bytesInFlight = 0
  /// How much waits in the outbox; nil: no message goes through the outbox, or no broker takes messages from it now,
  /// and it fills.
  var outbox: OutboxPace?
  var actions: [Action] = []

  /// The time for which the timer is set; nil: none.
  private(set) var armed: UnixTime?

  package init(_ configuration: SchedulerConfiguration) {
    self.configuration = configuration
    rate = configuration.maximumRate.map { FireRate(perSecond: $0) }
  }

  /// Whether a full load has finished, and edits are detected.
  package var isWatching: Bool { load.isWatching }

  /// The number of schedules whose documents can be used: enabled, disabled and finished ones.
  package var scheduleCount: Int { entries.count }
  package var rejectedCount: Int { rejected.count }
  /// The names of all known documents, including those that are set aside.
  package var names: [EntryName] { entries.names + rejected.keys }

  /// Whether there is a document of this name, usable or set aside.
  package func isPresent(_ name: EntryName) -> Bool { entries.handle(of: name) != nil || rejected[name] != nil }

  /// Whether a document, as it was read, is the one that the scheduler knows.
  package func isKnown(_ name: EntryName, _ read: DocumentRead) -> Bool {
    let entry = entries.handle(of: name).flatMap { entries[$0] }
    switch read.content {
    case .absent: return entry == nil && rejected[name] == nil
    case .document(let bytes): return entry?.document == bytes || isRejected(name, bytes)
    case .unusable, .tooLong: return rejected[name] != nil
    }
  }

  /// Whether nothing of a document is on its way: no read of it, and no script that writes it.
  package func isQuiet(_ name: EntryName) -> Bool {
    guard !reads.contains(name), !secondLooks.contains(name) else { return false }
    switch entries.handle(of: name).flatMap({ entries[$0]?.phase }) {
    case .firing, .unresolved, .unread: return false
    case .dormant, .waiting, nil: return true
    }
  }

  /// Whether the document with exactly these bytes is set aside.
  func isRejected(_ name: EntryName, _ bytes: [UInt8]) -> Bool {
    rejected[name]?.document?.isOf(bytes, configuration.sha1) ?? false
  }

  /// Takes in what has happened at `now`, and returns what must be done, in order.
  package mutating func receive(_ event: Event, now: UnixTime) -> [Action] {
    switch event {
    case .storeReplaced: load.storeReplaced()
    case .loadStarted(let delivery):
      use(delivery)
      beginLoad(whileWatching: false)
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
      // What was refused while this process led before may succeed now.
      if begins {
        retryDeferred()
        readDamagedWatermarks()
      }
    case .clockStepped(let step): clockStepped(by: step, now: now)
    case .clockTold: clockTold(now: now)
    case .documentsChanged(let context): documentsChanged(context, now: now)
    case .sendingChanged(let context): sendingChanged(context)
    case .disconnected: disconnect()
    }
    keepTrailingFields()
    armTimer(now: now)
    defer { actions = [] }
    return actions
  }

  /// Puts an entry into the heap, or to rest if no occurrence comes. A late entry moves to the backlog in its turn, so
  /// that of several late ones the oldest comes first.
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
    guard let illegal = entries.move(handle, to: phase), let name = entries[handle]?.name else { return }
    tell(illegal, of: name)
  }

  /// Reports an illegal move, which is an error of the daemon. The move was not made.
  mutating func tell(_ illegal: ScheduleEntry.IllegalMove?, of name: EntryName) {
    guard let illegal else { return }
    actions.append(.report(.warned(name, "an error of the daemon, which goes on: \(illegal.rawValue)")))
  }

  /// Takes an entry out of the heap and the backlog, so that it waits for no time.
  mutating func unqueue(_ handle: DueHeap.Handle) {
    heap.remove(handle)
    backlog.remove(handle)
  }

  /// Forgets the timer's time, so that it is set again: after a step of the clock it means another moment.
  mutating func forgetTimer() { armed = nil }

  /// Sets the one timer to the earliest time. It is set again only if that time changes.
  private mutating func armTimer(now: UnixTime) {
    let wanted = wakeTime(now: now)
    guard wanted != armed else { return }
    armed = wanted
    actions.append(.armTimer(wanted))
  }
}
