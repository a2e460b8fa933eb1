@testable import BeatCore

/// Redis as far as a daemon sees it: what each Lua script of Sources/BeatRedis/Scripts does, step by step, in one
/// process.
struct ModelStore {
  /// A message that has reached the queue.
  struct Push {
    var entry: EntryName
    var due: UnixTime
    var taskID: TaskID
    /// The epoch of the lease under which it was sent; nil: without a lease.
    var epoch: Int64?
    /// The server's clock when it was sent.
    var at: UnixTime
    /// The queues that it went to, and its bytes. Through an outbox it goes to no queue at first.
    var queues: [String]
    var message: [UInt8]
  }

  /// How a store is set up.
  struct Settings {
    /// How long a heartbeat is kept; microseconds.
    var heartbeatLife = HeartbeatRequest.lifetime
    var delivery = Delivery.direct
    var outboxLimit = Int.max
    /// How many fires the history keeps.
    var historyLength = 0
    /// The longest document that is read; bytes.
    var maximumDocumentLength = Int.max
  }

  /// What an event says.
  enum Change {
    case document(EntryName)
    /// The document was written in place, as fire.lua does it.
    case rewritten(EntryName)
    case heartbeat(String)
    case leaseFreed
    case requested
    case published
  }

  /// What a script has done, for the checks of a test.
  enum Deed {
    case pushed(Push)
    case marked(EntryName, Watermark)
  }

  /// A group of commands that an ACL may forbid.
  enum Right: CaseIterable {
    case read
    case fire
    case heartbeat
  }

  /// A message in the outbox; `item` is nil for an entry that is no message.
  struct Waiting {
    var handle: OutboxHandle
    var item: OutboxItem?
  }

  /// The contents of the store, which a dump keeps.
  struct Contents {
    var documents: [EntryName: [UInt8]] = [:]
    var watermarks: [EntryName: [UInt8]] = [:]
    var incarnation: String?
    /// The application's manifest.
    var application: [UInt8]?
    /// The oldest first.
    var outbox: [Waiting] = []
    /// The messages that are set aside, the oldest first.
    var setAside: [(item: OutboxItem?, reason: String)] = []
    /// How many have ever been put into the outbox.
    var waitingCount = 0
    var history: [FireRecord] = []
    var receipts: [EntryName: [UInt8]] = [:]
    var records: [String: DaemonRecord] = [:]
    /// Requests for runs by hand, as they were written, and the answers to them.
    var requests: [String: [UInt8]] = [:]
    var answers: [String: String] = [:]
    fileprivate(set) var lease: (token: String, end: UnixTime)?
    /// The token of a leader that offers its lease.
    fileprivate var offer: String?
    fileprivate var epoch: Int64 = 0
    fileprivate var heartbeats: [String: (sequence: Int64, end: UnixTime)] = [:]
  }

  /// How far ahead of the server's clock a fire is accepted; microseconds.
  static let maximumLead: Int64 = 50_000
  /// A lease that lasts longer was written before the server's clock was set back; microseconds.
  static let longestLease: Int64 = 3_600_000_000
  let settings: Settings

  var contents = Contents()
  /// Names of queues that take no messages, since their keys have another type.
  var spoiltQueues: Set<String> = []
  /// The queues of exchanges, by "<exchange> <routing key>".
  var bindings: [String: [String]] = [:]
  /// The rights that daemons lack, by instance. (Rights belong to the server, not to the store's contents.)
  private(set) var missing: [String: Set<Right>] = [:]
  /// Whether `notify-keyspace-events` is on. The setting belongs to the server, not to the store's contents.
  var hasNotifications = true
  private var changes: [Change] = []
  private var deeds: [Deed] = []

  init(_ settings: Settings) { self.settings = settings }

  var documents: [EntryName: [UInt8]] { contents.documents }

  func watermark(of name: EntryName) -> Watermark? { contents.watermarks[name].flatMap { Watermark($0) } }

  /// The token of the daemon that holds the lease.
  func leaseholder(now: UnixTime) -> String? { contents.lease.flatMap { $0.end > now ? $0.token : nil } }

  /// A daemon of another test's holds the lease, and offers it.
  mutating func offerLease(of token: String, until end: UnixTime) {
    contents.lease = (token, end)
    contents.offer = token
  }

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

  /// Loads another dump.
  mutating func goBack(to contents: Contents) { self.contents = contents }

  /// Redis raises the event of an expired key when it finds it, which may be a little later.
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

  /// Whether the lease has another token than this one. An empty token, of a daemon without a lease, is never fenced.
  mutating func isFenced(_ token: String, now: UnixTime) -> Bool {
    expire(now: now)
    return !token.isEmpty && contents.lease?.token != token
  }

  // MARK: the scripts

  /// Does what fire.lua does.
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

  /// Sends a fire's message. Returns the reason if it could not be sent.
  mutating func send(_ plan: FirePlan, token: String, now: UnixTime) -> String? {
    var queues: [String] = []
    if settings.delivery == .outbox {
      guard contents.outbox.count < settings.outboxLimit else {
        return "the outbox is full: \(contents.outbox.count) messages wait"
      }
      contents.wait(OutboxItem(plan))
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

  /// Does what anchor.lua does.
  mutating func anchor(_ name: EntryName, _ watermark: Watermark) -> Bool {
    guard contents.watermarks[name] == nil else { return false }
    keep(watermark, of: name)
    return true
  }

  /// Does what rebase.lua does.
  mutating func rebase(_ name: EntryName, from time: UnixTime, to watermark: Watermark, token: String, now: UnixTime)
    -> Bool
  {
    guard !isFenced(token, now: now), let marked = contents.watermarks[name],
      marked.prefix(20).elementsEqual(Watermark.digits(time).utf8)
    else { return false }
    keep(watermark, of: name)
    return true
  }

  /// Does what rebase.lua does for a watermark that cannot be read.
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

  /// Does what heartbeat.lua does.
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

  /// Does what release.lua does.
  mutating func release(_ instance: String) {
    if let lease = contents.lease, lease.token.hasPrefix(instance + ":") { deleteLease() }
  }

  // MARK: the beginning of a session

  /// Does CONFIG SET notify-keyspace-events. Returns whether notifications were off.
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
