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
  }

  /// What a keyspace notification tells of.
  enum Change {
    case document(EntryName)
    /// Written in place, as by fire.lua.
    case rewritten(EntryName)
    case heartbeat(String)
    case leaseFreed
  }

  /// What happened inside a script, for whoever watches over the rules.
  enum Deed {
    case pushed(Push)
    case marked(EntryName, Mark)
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
    var marks: [EntryName: [UInt8]] = [:]
    var incarnation: String?
    fileprivate var lease: (token: String, end: UnixTime)?
    fileprivate var epoch: Int64 = 0
    fileprivate var heartbeats: [String: (sequence: Int64, end: UnixTime)] = [:]
  }

  /// How far ahead of the server's clock a fire is let through; microseconds.
  static let maximumLead: Int64 = 50_000
  /// No lease lasts longer, unless the server's clock was set back; microseconds.
  static let longestLease: Int64 = 3_600_000_000
  /// How long a heartbeat is kept; microseconds.
  let heartbeatLife: Int64

  private(set) var contents = Contents()
  /// What daemons may not do, by their instance. (Their users' rights are the server's, not its contents.)
  private(set) var missing: [String: Set<Right>] = [:]
  /// Of the server, not of its contents: `notify-keyspace-events`.
  var hasNotifications = true
  private var changes: [Change] = []
  private var deeds: [Deed] = []

  init(heartbeatLife: Int64) { self.heartbeatLife = heartbeatLife }

  var documents: [EntryName: [UInt8]] { contents.documents }

  func mark(of name: EntryName) -> Mark? { contents.marks[name].flatMap { Mark($0) } }

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

  private mutating func changed(_ change: Change) {
    if hasNotifications { changes.append(change) }
  }

  // MARK: the scripts

  /// fire.lua
  mutating func fire(_ plan: FirePlan, token: String, now: UnixTime) -> FireOutcome {
    expire(now: now)
    if !token.isEmpty, contents.lease?.token != token { return .fenced }
    let due = Array(Mark.digits(plan.due).utf8)
    if let marked = contents.marks[plan.entry], !marked.prefix(20).lexicographicallyPrecedes(due) {
      let id = Array(plan.taskID.description.utf8)
      return marked.dropFirst(21).prefix(id.count).elementsEqual(id) ? .alreadyMine : .already
    }
    guard let document = documents[plan.entry] else { return .gone }
    guard document == plan.oldDocument else { return .changed }
    guard plan.due <= now.advanced(by: Self.maximumLead) else { return .early(serverTime: now) }
    let epoch = token.split(separator: ":").last.flatMap { Int64($0) }
    deeds.append(.pushed(Push(entry: plan.entry, due: plan.due, taskID: plan.taskID, epoch: epoch, at: now)))
    keep(plan.mark, of: plan.entry)
    contents.documents[plan.entry] = plan.newDocument
    changed(plan.newDocument.count < document.count ? .document(plan.entry) : .rewritten(plan.entry))
    return .fired
  }

  /// read.lua, for one document.
  func read(_ name: EntryName) -> Scheduler.DocumentRead {
    Scheduler.DocumentRead(documents[name].map { .document($0) } ?? .absent, mark: mark(of: name))
  }

  /// anchor.lua
  mutating func anchor(_ name: EntryName, _ mark: Mark) -> Bool {
    guard contents.marks[name] == nil else { return false }
    keep(mark, of: name)
    return true
  }

  /// rebase.lua
  mutating func rebase(_ name: EntryName, from time: UnixTime, to mark: Mark, token: String, now: UnixTime) -> Bool {
    expire(now: now)
    if !token.isEmpty, contents.lease?.token != token { return false }
    guard let marked = contents.marks[name], marked.prefix(20).elementsEqual(Mark.digits(time).utf8) else {
      return false
    }
    keep(mark, of: name)
    return true
  }

  private mutating func keep(_ mark: Mark, of name: EntryName) {
    contents.marks[name] = mark.bytes
    deeds.append(.marked(name, mark))
  }

  /// pulse.lua
  mutating func beat(_ request: HeartbeatRequest, instance: String, word: String, now: UnixTime) -> HeartbeatReply {
    expire(now: now)
    let previous = contents.heartbeats[instance].flatMap { $0.end > now ? $0.sequence : nil }
    contents.heartbeats[instance] = (request.sequence, now.advanced(by: heartbeatLife))
    changed(.heartbeat(instance))
    contents.incarnation = contents.incarnation ?? word
    var lease = HeartbeatReply.Lease.free
    if let ttl = request.leaseTTL {
      let milliseconds = UnixTime(microseconds: now.microseconds / 1_000 * 1_000)
      let end = milliseconds.advanced(by: ttl / 1_000 * 1_000)
      let mayTake = request.claim != .nothing
      if mayTake, contents.lease.map({ $0.end > now.advanced(by: Self.longestLease) }) ?? true {
        contents.epoch += 1
        contents.lease = ("\(instance):\(contents.epoch)", end)
      } else if mayTake, let token = contents.lease?.token, token.hasPrefix(instance + ":") {
        contents.lease = (token, end)
      }
      if let held = contents.lease {
        let remaining = held.end.microseconds(since: milliseconds)
        lease =
          held.token.hasPrefix(instance + ":")
          ? .held(token: held.token) : .other(token: held.token, remaining: remaining)
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
