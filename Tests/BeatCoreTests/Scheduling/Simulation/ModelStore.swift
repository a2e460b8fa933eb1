@testable import BeatCore

/// Redis as far as the scheduler sees it: what each Lua script of the edge does, step for step, in one process.
/// (Sources/ReactiveBeat/Scripts)
struct ModelStore {
  /// One message that reached the queue.
  struct Push {
    var due: UnixTime
    var taskID: TaskID
    /// The server's clock at that moment.
    var at: UnixTime
  }

  /// How far ahead of the server's clock a fire is let through; microseconds.
  static let maximumLead: Int64 = 50_000

  private(set) var documents: [EntryName: [UInt8]] = [:]
  private(set) var marks: [EntryName: [UInt8]] = [:]
  /// In the order in which workers would take them.
  private(set) var pushes: [EntryName: [Push]] = [:]
  /// Keys that were written, oldest first, until somebody takes them: the keyspace notifications.
  private var events: [EntryName] = []

  // MARK: what any client may do

  mutating func set(_ name: EntryName, _ document: [UInt8]) {
    documents[name] = document
    events.append(name)
  }

  mutating func delete(_ name: EntryName) {
    if documents.removeValue(forKey: name) != nil { events.append(name) }
  }

  mutating func takeEvents() -> [EntryName] {
    defer { events.removeAll(keepingCapacity: true) }
    return events
  }

  // MARK: the scripts

  /// fire.lua
  mutating func fire(_ plan: FirePlan, now: UnixTime) -> FireOutcome {
    let due = Array(Mark.digits(plan.due).utf8)
    if let marked = marks[plan.entry], !marked.prefix(20).lexicographicallyPrecedes(due) {
      let id = Array(plan.taskID.description.utf8)
      return marked.dropFirst(21).prefix(id.count).elementsEqual(id) ? .alreadyMine : .already
    }
    guard let document = documents[plan.entry] else { return .gone }
    guard document == plan.oldDocument else { return .changed }
    guard plan.due <= now.advanced(by: Self.maximumLead) else { return .early(serverTime: now) }
    pushes[plan.entry, default: []].append(Push(due: plan.due, taskID: plan.taskID, at: now))
    marks[plan.entry] = plan.mark.bytes
    set(plan.entry, plan.newDocument)
    return .fired
  }

  /// read.lua, for one document.
  func read(_ name: EntryName) -> Scheduler.DocumentRead {
    let mark = marks[name].flatMap { Mark($0) }
    return Scheduler.DocumentRead(documents[name].map { .document($0) } ?? .absent, mark: mark)
  }

  /// anchor.lua
  mutating func anchor(_ name: EntryName, _ mark: Mark) -> Bool {
    guard marks[name] == nil else { return false }
    marks[name] = mark.bytes
    return true
  }

  /// rebase.lua
  mutating func rebase(_ name: EntryName, from time: UnixTime, to mark: Mark) -> Bool {
    guard let marked = marks[name], marked.prefix(20).elementsEqual(Mark.digits(time).utf8) else { return false }
    marks[name] = mark.bytes
    return true
  }
}
