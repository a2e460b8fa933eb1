@testable import BeatCore

/// A store's connections as queues: their contents are on their way, and may be late or lost. Requests and answers keep
/// their order, and so do events. The two connections do not keep any order between them.
final class ModelConnector: StoreConnector {
  enum Request {
    case read([EntryName])
    /// One step of a scan: names whose hash falls into the slot of this place.
    case names(from: Place)
    case putAbsent([(name: EntryName, watermark: Watermark)])
    case replace(EntryName, WatermarkExpectation, Watermark, token: String)
    case commit([FirePlan], token: String)
    case heartbeat(HeartbeatRequest, instance: String, word: String)
    case release(String)
    /// Carries out the scripts of a fire on the daemon's own keys.
    case rehearse
    /// Switches notifications on. Where they were off, the same write puts this word into the incarnation, which shows
    /// it to the other daemons.
    case switchOn(word: String)
    case probe(String)
    /// A request that a fire can do without: receipts, records and the like. The simulation sends none.
    case beside((inout ModelStore, _ now: UnixTime) -> Any)
  }

  /// How far a scan of the names has come.
  struct Place {
    var slot = 0
    /// The last name that was found in the slot.
    var last: EntryName?
  }

  enum Reply {
    case read([Scheduler.DocumentRead])
    case names(NamePage, next: Place?)
    /// The names that have another watermark.
    case kept(others: [EntryName])
    case replaced(Bool)
    case committed([FireOutcome])
    case heartbeatAnswered(HeartbeatReply)
    case released
    case rehearsed(Candidacy.Proof)
    /// This daemon has no right to the request.
    case refused
    case switchedOn
    case probed(isHeard: Bool)
    case value(Any)
  }

  static let steps = 3

  let instance: String
  unowned let surroundings: VirtualSurroundings
  let delivery: Delivery
  /// Whether the ports that a fire can do without work. Otherwise they accept everything and do nothing.
  let isWhole: Bool
  /// The connection that is open, or is being made.
  private(set) var connection: ModelConnection?
  /// Requests of connections that have died: some of them may still reach the server.
  var abandoned: [Request] = []
  private var words = 0

  init(
    _ instance: String, _ surroundings: VirtualSurroundings, delivery: Delivery = .direct, isWhole: Bool = false
  ) {
    self.instance = instance
    self.surroundings = surroundings
    self.delivery = delivery
    self.isWhole = isWhole
  }

  var name: String { "the model" }
  let changeDetections = [ChangeDetection.keyspace]

  func open(
    changeDetection: ChangeDetection, fence: @escaping () -> String, event: @escaping (StoreEvent) -> Void
  ) -> any StoreConnection {
    words += 1
    let connection = ModelConnection(self, fence: fence, event: event)
    self.connection = connection
    connection.begin(word: "\(instance)-\(words)")
    return connection
  }

  func ended(_ ended: ModelConnection) {
    if connection === ended { connection = nil }
  }
}

/// One connection to the model, as `RedisStoreConnection` is one to Redis.
final class ModelConnection: StoreConnection {
  enum Stage { case opening, subscribing, probing, watching, over }

  unowned let connector: ModelConnector
  let fence: () -> String
  private let event: (StoreEvent) -> Void
  private(set) var stage = Stage.opening
  /// Whether the server has closed the connection of the events alone.
  private(set) var isSilenced = false

  private var calls: [(request: ModelConnector.Request, answer: (ModelConnector.Reply?) -> Void)] = []
  /// The requests that the server has carried out, in order, with their completions.
  private var awaiting: [(request: ModelConnector.Request, answer: (ModelConnector.Reply?) -> Void)] = []
  private(set) var replies:
    [(request: ModelConnector.Request, reply: ModelConnector.Reply, answer: (ModelConnector.Reply?) -> Void)] = []
  private(set) var events: [ModelStore.Change] = []

  init(_ connector: ModelConnector, fence: @escaping () -> String, event: @escaping (StoreEvent) -> Void) {
    self.connector = connector
    self.fence = fence
    self.event = event
  }

  var requests: [ModelConnector.Request] { calls.map(\.request) }
  var isSubscribed: Bool { stage == .probing || stage == .watching && !isSilenced }
  var isWaitingToSubscribe: Bool { stage == .subscribing || stage == .watching && isSilenced }
  var isQuiet: Bool { calls.isEmpty && replies.isEmpty && events.isEmpty }

  func begin(word: String) {
    send(.switchOn(word: word)) { [weak self] reply in
      if let self, reply != nil { stage = .subscribing }
    }
  }

  /// The server has confirmed the subscription.
  func subscribed() {
    if isSilenced {
      isSilenced = false
      return event(.missedChanges(reason: "the stream was closed"))
    }
    stage = .probing
    send(.probe(connector.instance)) { [weak self] reply in
      // A real probe would end by its deadline.
      if case .probed(isHeard: false)? = reply { self?.end(.notReady("the probe was not heard")) }
    }
  }

  func silence() {
    guard stage == .watching else { return }
    isSilenced = true
    events.removeAll()
  }

  func send(_ request: ModelConnector.Request, then answer: @escaping (ModelConnector.Reply?) -> Void) {
    guard stage != .over else { return connector.surroundings.soon { answer(nil) } }
    calls.append((request, answer))
  }

  /// The documents of this name in answers that are on their way.
  func answers(of name: EntryName) -> [[UInt8]] {
    replies.flatMap { call -> [[UInt8]] in
      guard case (.read(let names), .read(let reads)) = (call.request, call.reply) else { return [] }
      return zip(names, reads).compactMap {
        if $0 == name, case .document(let bytes) = $1.content { bytes } else { nil }
      }
    }
  }

  // MARK: the server's side

  func takeRequest() -> ModelConnector.Request {
    let call = calls.removeFirst()
    awaiting.append(call)
    return call.request
  }

  func answer(_ reply: ModelConnector.Reply) {
    let (request, answer) = awaiting.removeFirst()
    replies.append((request, reply, answer))
  }
  func tell(_ change: ModelStore.Change) { events.append(change) }

  func takeReply() {
    let (_, reply, answer) = replies.removeFirst()
    answer(reply)
  }

  func hear() {
    switch (events.removeFirst(), stage) {
    case (.heartbeat(connector.instance), .probing):
      stage = .watching
      event(.watching(ModelSession(self)))
    case (.heartbeat(connector.instance), .watching): event(.heartbeat)
    case (.document(let name), .watching) where Limit.nameLength.isExceeded(by: name.bytes.count):
      var ignored = IgnoredNames()
      ignored.add(name)
      event(.ignored(ignored))
    case (.document(let name), .watching): event(.touched(name))
    case (.rewritten(let name), .watching): event(.writtenInPlace(name))
    case (.leaseFreed, .watching): event(.leaseFreed)
    case (.requested, .watching): event(.requested)
    case (.published, .watching): event(.applicationTouched)
    default: break
    }
  }

  // MARK: its end

  /// The server ends the connection: open requests are lost, and then the session ends.
  func end(_ failure: SessionFailure) {
    guard stage != .over else { return }
    let open = drop()
    for answer in open { answer(nil) }
    event(.ended(failure))
  }

  func close() {
    guard stage != .over else { return }
    let open = drop()
    connector.surroundings.soon { for answer in open { answer(nil) } }
  }

  private func drop() -> [(ModelConnector.Reply?) -> Void] {
    stage = .over
    connector.abandoned += requests
    let open = replies.map(\.answer) + awaiting.map(\.answer) + calls.map(\.answer)
    (calls, awaiting, replies, events) = ([], [], [], [])
    connector.ended(self)
    return open
  }
}
