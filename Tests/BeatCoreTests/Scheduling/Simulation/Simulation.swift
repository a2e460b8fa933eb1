@testable import BeatCore
@testable import BeatDriver

/// Some daemons, one store, and a world that does them harm. Everything follows from a seed, one small step after the
/// other. Each message is delayed at random.
struct Simulation {
  let world: World
  var store: ModelStore
  var daemons: [SimulatedDaemon] = []
  /// The true time.
  var now = Sample.noon
  var chance: SeededChance
  var isPeace = false
  /// How far the server's wall clock is from the true time; microseconds.
  var serverOffset: Int64 = 0
  /// One judge for each schedule, in the order of the world's schedules.
  var judges: [Judge] = []
  let numbers: [EntryName: Int]
  /// What a client wrote last, for each schedule.
  var written: [EntryName: [UInt8]] = [:]
  /// Requests of connections that have died, still in the server's buffers.
  var zombies: [ModelConnector.Request] = []
  /// Documents that a client has read, and will save again later.
  var copies: [(number: Int, document: [UInt8])] = []
  /// Schedules that were flushed, and will be written again.
  var missing: [Int] = []
  /// A dump of the store from the last peace, with what had reached the queue by then.
  var dump: Dump?
  /// Whether another database was in the store's place since the last peace.
  var wasSwapped = false
  var edits = 0
  private var processes = 0
  private let leaseTTL: Int64?
  private let heartbeatPeriod: Int64
  private var epoch: Int64 = 0
  private(set) var messages = 0
  var counts: [World.Harm: Int] = [:]
  /// The violations that were found.
  private(set) var problems: [String] = []
  /// The newest events, if a trace is asked for.
  private(set) var trace: [String] = []
  var isTraced = false
  /// Gets the events of all daemons.
  private let observe: (DaemonEvent) -> Void

  struct Dump {
    var contents: ModelStore.Contents
    var judges: [Judge]
    var written: [EntryName: [UInt8]]
    var epoch: Int64
  }

  init(
    _ world: World, seed: UInt64, isTraced: Bool = false, observe: @escaping (DaemonEvent) -> Void = { _ in }
  ) {
    self.world = world
    self.observe = observe
    self.isTraced = isTraced
    chance = SeededChance(seed: seed)
    let ttl = Int64(chance.one(of: [300, 600, 1_500])) * 1_000 * world.pace
    leaseTTL = world.hasLease ? ttl : nil
    heartbeatPeriod = ttl / 3
    store = ModelStore(ModelStore.Settings(heartbeatLife: max(HeartbeatRequest.lifetime, 10 * ttl)))
    numbers = Dictionary(uniqueKeysWithValues: world.schedules.enumerated().map { ($1.name, $0) })
    let number = chance.number(world.daemons)
    judges = world.schedules.map {
      Judge($0, isStrict: world.hasLease || number == 1, tolerance: 200_000 * world.pace)
    }
    for number in world.schedules.indices { write(number, document(number)) }
    for _ in 0..<number {
      let skew = Int64(chance.number(Int(-world.skew / 1_000)...Int(world.skew / 1_000))) * 1_000
      daemons.append(process(offset: skew))
    }
  }

  /// How long after peace begins a daemon must lead; microseconds. Where rights were given back, a daemon that stood
  /// back rehearses again after two leases at most.
  var patience: Int64 {
    (leaseTTL ?? 0) + heartbeatPeriod + (world.harms.contains(.takeRights) ? 2 * (leaseTTL ?? 0) : 0)
  }

  /// Takes rights from some of the daemons, and gives the others all rights back: at least one daemon has all.
  mutating func setRights(of everything: Set<ModelStore.Right>) {
    let able = chance.number(0...(daemons.count - 1))
    for index in daemons.indices {
      let taken = index == able || chance.once(in: 2) ? [] : everything.filter { _ in chance.once(in: 2) }
      store.forbid(daemons[index].instance, Set(taken))
      if !taken.isEmpty { say("\(daemons[index].instance) may not \(taken)") }
    }
  }

  var serverTime: UnixTime { now.advanced(by: serverOffset) }

  mutating func process(offset: Int64) -> SimulatedDaemon {
    processes += 1
    let configuration = SchedulerBench.configuration {
      $0.batch = chance.number(1...4)
      $0.maximumInFlight = chance.number(1...6)
      $0.templatesFrom = processes % 3
    }
    var leadership = Leadership.Configuration(instance: "d\(processes)", leaseTTL: leaseTTL)
    leadership.period = heartbeatPeriod
    leadership.echoPatience = 2 * heartbeatPeriod
    var daemon = DaemonConfiguration(scheduler: configuration, leadership: leadership, record: Self.record) { _, _ in
      configuration.documents
    }
    let ttl = leaseTTL ?? 600_000
    daemon.rehearsalDelays = ttl / 3...ttl
    daemon.reconnectDelays = 1_000 * world.pace...20_000 * world.pace
    daemon.stopPatience = 1_000_000 * world.pace
    do {
      return try SimulatedDaemon(daemon, offset: offset, at: now, seed: UInt64(processes), observe: observe)
    } catch { preconditionFailure("virtual surroundings refuse nothing") }
  }

  private static let record = DaemonRecord(
    version: "", host: "", processID: 0, since: Sample.noon, isLeading: false, events: "", delivery: "", schedules: 0,
    rejected: 0, repaired: 0, timezone: "UTC", broker: "")

  // MARK: one step

  mutating func step() {
    switch chance.number(0...99) {
    case 0..<60: deliver(chance.number(0...(daemons.count - 1)))
    case 60..<80: now = now.advanced(by: Int64(chance.number(0...5_000)) * world.pace)
    case 80..<92: wakeSomebody()
    case 92..<96: restoreSomething()
    case 96: executeZombie()
    case 97: remember()
    case 98: saveStale()
    default: harm(chance.one(of: world.harms))
    }
    afterwards()
  }

  /// Delivers one message of one daemon: to the server, or from it.
  mutating func deliver(_ index: Int) {
    let daemon = daemons[index]
    let isAwake = !daemon.isFrozen(at: now)
    let isReached = isAwake && !daemon.isDeaf(at: now)
    let waiting = [
      !daemon.requests.isEmpty, isReached && !daemon.replies.isEmpty, isReached && !daemon.events.isEmpty,
      daemon.isWaitingToSubscribe && (isReached || !daemon.isWatching),
    ]
    let links = waiting.indices.filter { waiting[$0] }
    guard !links.isEmpty else { return }
    switch chance.one(of: links) {
    case 0: execute(index)
    case 1: take(index)
    case 2: daemons[index].hear(at: now)
    default: daemons[index].subscribed(at: now)
    }
  }

  mutating func execute(_ index: Int) {
    guard let request = daemons[index].takeRequest() else { return }
    let reply = store.execute(request, of: daemons[index].instance, now: serverTime)
    note("\(daemons[index].instance)", request, reply)
    daemons[index].answer(reply)
  }

  mutating func take(_ index: Int) {
    let reply = daemons[index].replies.first
    daemons[index].take(at: now)
    guard isTraced else { return }
    let instance = daemons[index].instance
    switch reply {
    case .read(let reads):
      for read in reads { say("\(instance) has read \(read.watermark.map { String($0.bytes) } ?? "no watermark")") }
      let scheduler = daemons[index].scheduler
      for name in world.schedules.map(\.name) {
        guard let entry = scheduler.entries.handle(of: name).flatMap({ scheduler.entries[$0] }) else { continue }
        say("\(instance) knows \(name): base \(entry.progress.base.iso8601), next \(entry.nextDue?.iso8601 ?? "")")
      }
    case .committed(let outcomes): say("\(instance) is told \(outcomes)")
    case .heartbeatAnswered: say("\(instance) has its heartbeat, leads: \(daemons[index].isLeading)")
    default: break
    }
  }

  private mutating func wakeSomebody() {
    let index = chance.number(0...(daemons.count - 1))
    guard !daemons[index].isFrozen(at: now) else { return }
    if daemons[index].isDue(at: now) { daemons[index].wake(at: now) }
  }

  private mutating func restoreSomething() {
    if chance.once(in: 4) { store.expire(now: serverTime) }
    if !missing.isEmpty { restore() }
  }

  mutating func executeZombie() {
    guard !zombies.isEmpty else { return }
    let request = zombies.removeFirst()
    note("a connection that died", request, store.execute(request, of: "", now: serverTime))
  }

  // MARK: what follows from a step

  mutating func afterwards() {
    for index in daemons.indices {
      let abandoned = daemons[index].takeAbandoned()
      if !abandoned.isEmpty { zombies += abandoned.prefix(chance.number(0...abandoned.count)) }
      if daemons[index].hasEnded { daemons[index] = process(offset: daemons[index].surroundings.offset) }
    }
    for change in store.takeChanges() {
      for index in daemons.indices where daemons[index].isSubscribed {
        // Events are a hint: some are lost. (No probe's event is lost, since a daemon would repeat the probe.)
        let isLost = world.losesEvents && !isPeace && daemons[index].isWatching && chance.once(in: 100)
        if isLost { continue }
        daemons[index].tell(change)
      }
    }
    for deed in store.takeDeeds() { judge(deed) }
  }

  private mutating func judge(_ deed: ModelStore.Deed) {
    switch deed {
    case .marked(let name, let watermark):
      if let number = numbers[name] { judges[number].marked(watermark) }
    case .pushed(let push):
      messages += 1
      if let number = numbers[push.entry] {
        judges[number].pushed(push)
        problems += judges[number].takeProblems().map { "\(push.entry): \($0)" }
      }
      guard let token = push.epoch else { return }
      if token < epoch { problems.append("\(push.entry): sent in epoch \(token), after one of epoch \(epoch)") }
      epoch = max(epoch, token)
    }
  }

  mutating func complain(_ problem: String) { problems.append(problem) }

  // MARK: what clients write

  mutating func document(_ number: Int, when: Int = 0, enabled: Bool = true) -> [UInt8] {
    edits += 1
    return world.schedules[number].document(edits, when: when, enabled: enabled, window: world.catchupWindow)
  }

  mutating func write(_ number: Int, _ document: [UInt8]) {
    let name = world.schedules[number].name
    store.set(name, document)
    written[name] = document
    judges[number].wrote(document, after: HeldDocuments(of: name, in: self), at: serverTime)
    missing.removeAll { $0 == number }
    if isTraced { say("written \(name): \(String(document))") }
  }

  mutating func delete(_ number: Int) {
    let name = world.schedules[number].name
    store.delete(name)
    written[name] = nil
    judges[number].wrote(nil, after: HeldDocuments(of: name, in: self), at: serverTime)
    if isTraced { say("deleted \(name)") }
  }

  private mutating func remember() {
    let number = chance.number(0...(world.schedules.count - 1))
    if let document = store.documents[world.schedules[number].name] { copies.append((number, document)) }
    if copies.count > 40 { copies.removeFirst(20) }
  }

  /// A client saves what it read some time ago, mostly a moment ago: over newer bookkeeping, over newer edits.
  private mutating func saveStale() {
    guard !copies.isEmpty else { return }
    let copy = chance.once(in: 4) ? copies.remove(at: chance.number(0...(copies.count - 1))) : copies.removeLast()
    write(copy.number, copy.document)
  }

  mutating func setServer(_ offset: Int64) {
    let step = offset - serverOffset
    serverOffset = offset
    for number in judges.indices { judges[number].stepped(by: step) }
    // A `last_run_at` that a client sets forward counts, so no copy may be saved that has one from a clock which was
    // ahead.
    if step < 0 { copies = [] }
    say("the server's clock is \(offset / 1_000_000) s ahead")
  }

  // MARK: the store goes back

  mutating func takeDump() {
    if missing.isEmpty {
      dump = Dump(contents: store.contents, judges: judges, written: written, epoch: epoch)
    }
  }

  mutating func goBack() {
    guard let dump else { return }
    store.goBack(to: dump.contents)
    judges = dump.judges
    // For a daemon that remembers an edit which the store has lost, the older document is another edit. For a daemon
    // that has just seen another database in the store's place, the older document is a third one.
    for number in judges.indices where judges[number].schedule.kind != .kept || wasSwapped { judges[number].amaze() }
    written = dump.written
    epoch = dump.epoch
    missing = []
    copies = []
  }

  mutating func flush() {
    store.flush()
    epoch = 0
    written = [:]
    missing = Array(world.schedules.indices)
    for number in judges.indices { judges[number].forget() }
    dump = nil
    copies = []
  }

  /// Writes one of the flushed documents again.
  mutating func restore() {
    let number = chance.one(of: missing)
    write(number, document(number))
  }

  // MARK: the trace

  private mutating func note(_ who: String, _ request: ModelConnector.Request, _ reply: ModelConnector.Reply) {
    guard isTraced else { return }
    switch (request, reply) {
    case (.commit(let plans, let token), .committed(let outcomes)):
      for (plan, outcome) in zip(plans, outcomes) {
        say("\(who): fire \(plan.entry) due \(plan.due.iso8601) \(token) \(plan.watermark.totalRunCount) -> \(outcome)")
      }
    case (.putAbsent(let watermarks), .kept(let others)):
      for (name, watermark) in watermarks {
        say("\(who): put \(name) \(String(watermark.bytes)) -> \(!others.contains(name))")
      }
    case (.replace(let name, let expected, let watermark, _), .replaced(let isDone)):
      say("\(who): replace \(name) \(expected) by \(watermark.due.iso8601) \(String(watermark.bytes)) -> \(isDone)")
    case (.read(let names), _): say("\(who): read \(names)")
    case (.heartbeat(let request, _, _), .heartbeatAnswered(let reply)):
      say(
        "\(who): heartbeat \(request.sequence) -> \(reply.previousSequence ?? -1) \(reply.incarnation) \(reply.lease)")
    default: say("\(who): \(request)")
    }
  }

  mutating func say(_ text: String) {
    guard isTraced else { return }
    trace.append("\(now.iso8601) \(text)")
    if trace.count > 40_000 { trace.removeFirst(20_000) }
  }
}
