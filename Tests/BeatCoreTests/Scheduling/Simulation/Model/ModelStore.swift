@testable import BeatCore

/// Redis as far as a daemon sees it: what each Lua script of the edge does, step for step, in one process.
/// (Sources/BeatRedis/Scripts)
struct ModelStore {
  /// One message that reaches the queue.
  struct Push {
    var entry: EntryName
    var due: UnixTime
    var taskID: TaskID
    /// Of the lease under which it was sent; nil: without one.
    var epoch: Int64?
    /// The server's clock at that moment.
    var at: UnixTime
    /// Where it went, and what was sent; there only by the direct way.
    var queues: [String]
    var message: [UInt8]
  }

  /// How a store is set up.
  struct Settings {
    /// How long a heartbeat is kept; microseconds.
    var heartbeatLife: Int64 = 10_000_000
    var delivery = Delivery.direct
    var outboxLimit = Int.max
    /// How many fires the history keeps.
    var historyLength = 0
    /// Documents that are longer are not read; bytes.
    var maximumDocumentLength = Int.max
  }

  /// What a keyspace notification tells of.
  enum Change {
    case document(EntryName)
    /// Written in place, as by fire.lua.
    case rewritten(EntryName)
    case heartbeat(String)
    case leaseFreed
    case requested
  }

  /// What happened inside a script, for whoever watches over the rules.
  enum Deed {
    case pushed(Push)
    case marked(EntryName, Watermark)
  }

  /// A group of commands, as an ACL may forbid them.
  enum Right: CaseIterable {
    case read
    case fire
    case heartbeat
  }

  /// What a dump of the store holds.
  struct Contents {
    var documents: [EntryName: [UInt8]] = [:]
    var watermarks: [EntryName: [UInt8]] = [:]
    var incarnation: String?
    /// The oldest first; as `OutboxItem.bytes` has written them.
    var outbox: [[UInt8]] = []
    var history: [FireRecord] = []
    var receipts: [EntryName: [UInt8]] = [:]
    var records: [String: DaemonRecord] = [:]
    /// Requests for runs by hand, as they were written, and the answers to them.
    var requests: [String: [UInt8]] = [:]
    var answers: [String: String] = [:]
    fileprivate(set) var lease: (token: String, end: UnixTime)?
    /// The token of a holder that offers its lease.
    fileprivate var offer: String?
    fileprivate var epoch: Int64 = 0
    fileprivate var heartbeats: [String: (sequence: Int64, end: UnixTime)] = [:]
  }

  /// How far ahead of the server's clock a fire is let through; microseconds.
  static let maximumLead: Int64 = 50_000
  /// No lease lasts longer, unless the server's clock was set back; microseconds.
  static let longestLease: Int64 = 3_600_000_000
  let settings: Settings

  var contents = Contents()
  /// Queues that cannot take messages, as other things stand at their places.
  var spoiltQueues: Set<String> = []
  /// The queues of exchanges, by "<exchange> <routing key>".
  var bindings: [String: [String]] = [:]
  /// What daemons may not do, by their instance. (Their users' rights are the server's, not its contents.)
  private(set) var missing: [String: Set<Right>] = [:]
  /// Of the server, not of its contents: `notify-keyspace-events`.
  var hasNotifications = true
  private var changes: [Change] = []
  private var deeds: [Deed] = []

  init(_ settings: Settings) { self.settings = settings }

  var documents: [EntryName: [UInt8]] { contents.documents }

  func watermark(of name: EntryName) -> Watermark? { contents.watermarks[name].flatMap { Watermark($0) } }

  /// Who holds the lease.
  func leaseholder(now: UnixTime) -> String? { contents.lease.flatMap { $0.end > now ? $0.token : nil } }

  /// When the lease runs out.
  var leaseEnd: UnixTime? { contents.lease?.end }

  func may(_ instance: String, _ right: Right) -> Bool { missing[instance]?.contains(right) != true }

  mutating func forbid(_ instance: String, _ rights: Set<Right>) { missing[instance] = rights.isEmpty ? nil : rights }

  // MARK: what any client may do

  mutating func set(_ name: EntryName, _ document: [UInt8]) {
    contents.documents[name] = document
    changed(.document(name))
  }

  mutating func delete(_ name: EntryName) {
    if contents.documents.removeValue(forKey: name) != nil { changed(.document(name)) }
  }

  mutating func deleteLease() {
    guard contents.lease != nil else { return }
    contents.lease = nil
    changed(.leaseFreed)
  }

  /// FLUSHDB. It raises no event, and the queue is in another database.
  mutating func flush() { contents = Contents() }

  /// Another dump is loaded.
  mutating func goBack(to contents: Contents) { self.contents = contents }

  /// Redis tells of a key that has run out when it finds it, which may be a little later.
  mutating func expire(now: UnixTime) {
    if let lease = contents.lease, lease.end <= now { deleteLease() }
  }

  mutating func takeChanges() -> [Change] {
    defer { changes.removeAll(keepingCapacity: true) }
    return changes
  }

  mutating func takeDeeds() -> [Deed] {
    defer { deeds.removeAll(keepingCapacity: true) }
    return deeds
  }

  mutating func changed(_ change: Change) {
    if hasNotifications { changes.append(change) }
  }

  func isAlive(_ instance: String, now: UnixTime) -> Bool {
    contents.heartbeats[instance].map { $0.end > now } ?? false
  }

  /// Whether this token is that of the lease; an empty one is not asked for.
  mutating func isFenced(_ token: String, now: UnixTime) -> Bool {
    expire(now: now)
    return !token.isEmpty && contents.lease?.token != token
  }

  // MARK: the scripts

  /// fire.lua
  mutating func fire(_ plan: FirePlan, token: String, now: UnixTime) -> FireOutcome {
    if isFenced(token, now: now) { return .fenced }
    let due = Array(Watermark.digits(plan.due).utf8)
    if let marked = contents.watermarks[plan.entry], !marked.prefix(20).lexicographicallyPrecedes(due) {
      let id = Array(plan.taskID.description.utf8)
      return marked.dropFirst(21).prefix(id.count).elementsEqual(id) ? .alreadyMine : .already
    }
    guard let document = documents[plan.entry] else { return .gone }
    guard document == plan.oldDocument else { return .changed }
    guard plan.due <= now.advanced(by: Self.maximumLead) else { return .early(serverTime: now) }
    if let problem = send(plan, token: token, now: now) { return .refused(problem) }
    keep(plan.watermark, of: plan.entry)
    contents.documents[plan.entry] = plan.newDocument
    changed(plan.newDocument.count < document.count ? .document(plan.entry) : .rewritten(plan.entry))
    return .fired
  }

  /// Puts a fire's message on its way; what is in the way, where nothing was sent.
  mutating func send(_ plan: FirePlan, token: String, now: UnixTime) -> String? {
    var queues: [String] = []
    if settings.delivery == .outbox {
      guard contents.outbox.count < settings.outboxLimit else {
        return "the outbox is full: \(contents.outbox.count) messages wait"
      }
      contents.outbox.append(OutboxItem(plan).bytes)
    } else {
      switch plan.route {
      case .queue(let name): queues = [name]
      case .exchange(let name, let key): queues = bindings["\(name) \(key)"] ?? []
      }
      if queues.isEmpty { return "no queue is bound to \(plan.route.name)" }
      if let spoilt = queues.first(where: spoiltQueues.contains) { return "\(spoilt) is no queue" }
    }
    let epoch = token.split(separator: ":").last.flatMap { Int64($0) }
    deeds.append(
      .pushed(
        Push(
          entry: plan.entry, due: plan.due, taskID: plan.taskID, epoch: epoch, at: now, queues: queues,
          message: plan.message)))
    let late = plan.reason == .manual ? 0 : now.microseconds(since: plan.due)
    contents.history.append(
      FireRecord(
        name: plan.entry, taskID: plan.taskID.description, due: now.advanced(by: -late), late: late,
        reason: plan.reason.rawValue))
    if contents.history.count > settings.historyLength { contents.history.removeFirst() }
    return nil
  }

  /// anchor.lua
  mutating func anchor(_ name: EntryName, _ watermark: Watermark) -> Bool {
    guard contents.watermarks[name] == nil else { return false }
    keep(watermark, of: name)
    return true
  }

  /// rebase.lua
  mutating func rebase(_ name: EntryName, from time: UnixTime, to watermark: Watermark, token: String, now: UnixTime)
    -> Bool
  {
    guard !isFenced(token, now: now), let marked = contents.watermarks[name],
      marked.prefix(20).elementsEqual(Watermark.digits(time).utf8)
    else { return false }
    keep(watermark, of: name)
    return true
  }

  /// rebase.lua, for a watermark that cannot be read.
  mutating func mend(_ name: EntryName, from bytes: [UInt8], to watermark: Watermark, token: String, now: UnixTime)
    -> Bool
  {
    guard !isFenced(token, now: now), let marked = contents.watermarks[name],
      Array(marked.prefix(Limit.watermarkLength.most + 1)) == bytes
    else { return false }
    keep(watermark, of: name)
    return true
  }

  private mutating func keep(_ watermark: Watermark, of name: EntryName) {
    contents.watermarks[name] = watermark.bytes
    deeds.append(.marked(name, watermark))
  }

  /// heartbeat.lua
  mutating func beat(_ request: HeartbeatRequest, instance: String, word: String, now: UnixTime) -> HeartbeatReply {
    expire(now: now)
    let previous = contents.heartbeats[instance].flatMap { $0.end > now ? $0.sequence : nil }
    contents.heartbeats[instance] = (request.sequence, now.advanced(by: settings.heartbeatLife))
    changed(.heartbeat(instance))
    contents.incarnation = contents.incarnation ?? word
    var lease = HeartbeatReply.Lease.free
    if let ttl = request.leaseTTL {
      let milliseconds = UnixTime(microseconds: now.microseconds / 1_000 * 1_000)
      let end = milliseconds.advanced(by: ttl / 1_000 * 1_000)
      let held = contents.lease?.token
      let isOurs = held?.hasPrefix(instance + ":") ?? false
      let isFree = contents.lease.map { $0.end > now.advanced(by: Self.longestLease) } ?? true
      var isOffered = held != nil && contents.offer == held
      if request.claim != .nothing, isFree || isOurs || isOffered && request.claim == .offered {
        if isFree || !isOurs { contents.epoch += 1 }
        let token = isOurs && !isFree ? held : "\(instance):\(contents.epoch)"
        contents.lease = token.map { ($0, end) }
        isOffered = request.isOffering
        contents.offer = isOffered ? token : nil
      }
      if let held = contents.lease {
        let remaining = held.end.microseconds(since: milliseconds)
        lease =
          held.token.hasPrefix(instance + ":")
          ? .held(token: held.token) : .other(token: held.token, remaining: remaining, isOffered: isOffered)
      }
    }
    return HeartbeatReply(
      sequence: request.sequence, previousSequence: previous, incarnation: contents.incarnation ?? word, lease: lease,
      serverTime: now, clockDifference: 0)
  }

  /// release.lua
  mutating func release(_ instance: String) {
    if let lease = contents.lease, lease.token.hasPrefix(instance + ":") { deleteLease() }
  }

  // MARK: what a session begins with (StoreSession)

  /// CONFIG SET notify-keyspace-events; whether they were off.
  mutating func switchOn() -> Bool {
    defer { hasNotifications = true }
    return !hasNotifications
  }

  mutating func tell(_ word: String) {
    contents.incarnation = StoreIncarnation.renewed(contents.incarnation, random: word)
  }

  /// Writes and deletes the heartbeat, whose events must come.
  mutating func probe(_ instance: String) {
    contents.heartbeats[instance] = nil
    changed(.heartbeat(instance))
  }
}
