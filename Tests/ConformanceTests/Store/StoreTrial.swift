import BeatCore

/// One case with one store.
final class StoreTrial: Trial {
  let stage: any StoreStage

  init(_ stage: any StoreStage) { self.stage = stage }

  /// How long a wait may take, by the store's clock. A real server on a busy machine may need some of it.
  static let patience: Int64 = 20_000_000

  func wait(_ microseconds: Int64 = patience, until isMet: () -> Bool) -> Bool {
    stage.wait(microseconds, until: isMet)
  }

  func waitFor(_ what: String, until isMet: () -> Bool) throws {
    guard wait(until: isMet) else { throw Stop("\(what): not within \(Self.patience / 1_000_000) s") }
  }

  /// A daemon that has opened a session. It stays until the case ends.
  func visitor(_ instance: String = "a") throws -> Visitor {
    let visitor = try Visitor(instance, in: self)
    atEnd { visitor.close() }
    return visitor
  }
}

/// A daemon as the store sees it: it opens a session, hears events and calls the ports.
final class Visitor {
  let instance: String
  /// The token of its lease. The session asks for it with each call that the lease guards.
  var token: String {
    get { fence.value }
    set { fence.value = newValue }
  }
  let store: any StoreSession
  /// The events since the session began to watch.
  var events: [StoreEvent] { record.events }

  private let trial: StoreTrial
  private let record: EventRecord
  private let fence: Box<String>
  private let connection: any StoreConnection
  private var sequence: Int64 = 0

  fileprivate init(_ instance: String, in trial: StoreTrial) throws {
    let record = EventRecord(trial)
    let fence = Box("")
    let connector = try trial.stage.connector(as: instance)
    record.isInside = true
    connection = connector.open(changeDetection: trial.stage.changeDetection, fence: { fence.value }) {
      record.take($0)
    }
    record.isInside = false
    try trial.waitFor("a session is opened, or ends") { record.session != nil || record.failure != nil }
    guard let session = record.session else { throw Trial.Stop("no session: \(record.failure?.text ?? "")") }
    store = session
    (self.instance, self.trial, self.record, self.fence) = (instance, trial, record, fence)
  }

  func close() {
    record.isClosed = true
    connection.close()
  }

  /// Why the session has ended; nil: it has not.
  var failure: SessionFailure? { record.failure }

  func forgetEvents() { record.events.removeAll() }

  // MARK: calls

  /// Makes a call and does not wait for its answer. The trial checks that the answer comes once, and not inside the
  /// call.
  func begin<Value>(
    _ what: String, _ call: (@escaping Completion<Value>) -> Void
  ) -> Box<Result<Value, Refusal>?> {
    let answer = Box<Result<Value, Refusal>?>(nil)
    record.calls(what) { note in
      call {
        note()
        answer.value = $0
      }
    }
    return answer
  }

  func result<Value>(_ what: String, _ call: (@escaping Completion<Value>) -> Void) throws -> Result<Value, Refusal> {
    let answer = begin(what, call)
    try trial.waitFor("\(what) is answered") { answer.value != nil }
    guard let value = answer.value else { throw Trial.Stop("\(what) is not answered") }
    return value
  }

  func get<Value>(_ what: String, _ call: (@escaping Completion<Value>) -> Void) throws -> Value {
    switch try result(what, call) {
    case .success(let value): return value
    case .failure(let refusal): throw Trial.Stop("\(what) was refused: \(refusal.text)")
    }
  }

  /// Commits plans. The result fills with the outcome of each, in the plans' order.
  func beginCommit(_ plans: [FirePlan]) -> Box<[FireOutcome?]> {
    let outcomes = Box<[FireOutcome?]>(plans.map { _ in nil })
    let trial = trial
    var isInside = true
    store.schedules.commit(plans) { plan, outcome in
      trial.expect(!isInside, "commit answered inside the call")
      guard let place = plans.firstIndex(where: { $0 === plan }) else {
        return trial.breach("commit answered with a plan that it was not given")
      }
      trial.expect(outcomes.value[place] == nil, "commit answered twice for one plan")
      outcomes.value[place] = outcome
    }
    isInside = false
    return outcomes
  }

  func commit(_ plans: [FirePlan]) throws -> [FireOutcome] {
    let outcomes = beginCommit(plans)
    try trial.waitFor("each plan has its outcome") { !outcomes.value.contains(nil) }
    return outcomes.value.compactMap { $0 }
  }

  func commit(_ plan: FirePlan) throws -> FireOutcome { try commit([plan])[0] }

  func beat(
    ttl: Int64? = nil, _ claim: HeartbeatRequest.Claim = .free, isOffering: Bool = false
  ) throws -> HeartbeatReply {
    sequence += 1
    let request = HeartbeatRequest(sequence: sequence, leaseTTL: ttl, claim: claim, isOffering: isOffering)
    return try get("a heartbeat") { store.leases.beat(request, then: $0) }
  }

  /// Takes the lease, and fires under it from now on.
  func lead(ttl: Int64 = 60_000_000) throws {
    guard case .held(let held) = try beat(ttl: ttl).lease else { throw Trial.Stop("a free lease was not given") }
    token = held
  }

  func read(_ names: [EntryName]) throws -> [Scheduler.DocumentRead] {
    try get("a read") { store.schedules.read(names, then: $0) }
  }

  // MARK: events

  /// Waits until every earlier change has been reported.
  func hearAll() throws {
    let before = events.count { $0.isHeartbeat }
    _ = try beat()
    try trial.waitFor("our own heartbeat is heard") { failure != nil || events.count { $0.isHeartbeat } > before }
  }

  /// Whether the events say that the schedule must be read again.
  func hears(of name: EntryName) -> Bool { events.contains { $0.touches(name) } }
}

/// Records what a session reports, and checks what must not happen.
private final class EventRecord {
  private let trial: StoreTrial
  var isInside = false
  var isClosed = false
  var events: [StoreEvent] = []
  private(set) var session: (any StoreSession)?
  private(set) var failure: SessionFailure?
  private var open = 0

  init(_ trial: StoreTrial) { self.trial = trial }

  func take(_ event: StoreEvent) {
    trial.expect(!isInside, "an event came inside a call")
    trial.expect(!isClosed, "an event came after close()")
    trial.expect(failure == nil, "an event came after the session's end")
    switch event {
    case .watching(let session):
      trial.expect(self.session == nil, "a session is opened twice")
      self.session = session
    case .ended(let failure):
      self.failure = failure
      trial.expect(open == 0, "the session ended before \(open) open calls were answered")
    default: break
    }
    events.append(event)
  }

  func calls(_ what: String, _ call: (_ note: @escaping () -> Void) -> Void) {
    let answers = Box(0)
    let trial = trial
    trial.atEnd { trial.expect(answers.value <= 1, "\(what) was answered \(answers.value) times") }
    open += 1
    isInside = true
    call { [self] in
      answers.value += 1
      open -= 1
      trial.expect(!isInside, "\(what) was answered inside the call")
    }
    isInside = false
  }
}

extension StoreEvent {
  var isHeartbeat: Bool { if case .heartbeat = self { true } else { false } }
  var isEnd: Bool { if case .ended = self { true } else { false } }
  var isLeaseFreed: Bool { if case .leaseFreed = self { true } else { false } }
  var isRequest: Bool { if case .requested = self { true } else { false } }

  /// Whether the event says that every schedule must be read again.
  var touchesAll: Bool {
    switch self {
    case .touchedAll, .missedChanges, .ended: true
    default: false
    }
  }

  func touches(_ name: EntryName) -> Bool {
    switch self {
    case .touched(let touched), .writtenInPlace(let touched): touched == name
    default: touchesAll
    }
  }
}
