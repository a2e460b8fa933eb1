import BeatCore
import BeatLoop

/// All schedules in memory, as far as the list shows them: searches, filters and sorts a hundred thousand of them in some
/// milliseconds. Texts that many schedules have in common are kept once.
///
/// It belongs to one thread, and reads nothing itself: rows and runs come in, and answers go out.
struct ScheduleIndex {
  /// A row, with numbers in the place of texts.
  private struct Entry {
    static let noTime = Int64.min

    var name: EntryName
    var label: String?
    /// The name and the label with folded case, with a zero between; nil: they are the name's own bytes.
    var folded: [UInt8]?
    var due = noTime
    var sent = noTime
    var lastDue = noTime
    var late = noTime
    var totalRunCount: Int64 = 0
    var task: UInt32 = 0
    var queue: UInt32 = 0
    var owner: UInt32 = 0
    var reason: UInt32 = 0
    var timing: UInt32 = 0
    var rank: Int32 = 0
    var warnings: UInt16 = 0
    var state = ScheduleRow.State.enabled
    var isPlain = false
    var isImmediate = false
    /// The slot holds a schedule.
    var isUsed = true
    /// Its place in `order` is right.
    var isOrdered = false
    /// It has been seen since the last load began.
    var isSeen = true
  }

  /// A timing, and how many schedules have it.
  private struct SharedTiming {
    var timing: ScheduleRow.Timing?
    var users = 0
  }

  private var entries: ContiguousArray<Entry> = []
  private var slots: [EntryName: Int32] = [:]
  private var freeSlots: [Int32] = []
  private var tasks = TextPool()
  private var queues = TextPool()
  private var owners = TextPool()
  private var reasons = TextPool()
  private var timings = [SharedTiming()]
  private var timingNumbers: [ScheduleRow.Timing: UInt32] = [:]
  private var freeTimings: [UInt32] = []
  /// The slots in the order of the names' bytes, as of the last `settle`.
  private var order: [Int32] = []
  private var isSettled = true

  /// How many schedules are in each state.
  private(set) var counts = [ScheduleRow.State: Int](uniqueKeysWithValues: ScheduleRow.State.allCases.map { ($0, 0) })

  var count: Int { slots.count }

  // MARK: rows

  func row(_ name: EntryName) -> ScheduleRow? { slots[name].map { row(entries[Int($0)]) } }

  private func row(_ entry: Entry) -> ScheduleRow {
    func time(_ value: Int64) -> UnixTime? { value == Entry.noTime ? nil : UnixTime(microseconds: value) }
    var row = ScheduleRow(name: entry.name)
    row.label = entry.label
    row.task = tasks.text(entry.task)
    row.queue = queues.text(entry.queue)
    row.owner = owners.text(entry.owner)
    row.state = entry.state
    row.reason = reasons.text(entry.reason)
    row.timing = timings[Int(entry.timing)].timing
    row.isPlain = entry.isPlain
    if let due = time(entry.due), let sent = time(entry.sent) {
      row.next = ScheduleRow.Next(due: due, sent: sent, isImmediate: entry.isImmediate)
    }
    row.lastRun = time(entry.lastDue).map {
      ScheduleRow.LastRun(due: $0, late: entry.late == Entry.noTime ? nil : entry.late)
    }
    row.totalRunCount = entry.totalRunCount
    row.warnings = Int(entry.warnings)
    return row
  }

  /// Puts a row in, or in the place of the one of its name. How late the last run was stays, if it is still the last.
  mutating func put(_ row: ScheduleRow) {
    var entry = Entry(name: row.name)
    entry.label = row.label
    entry.folded = Self.folded(row)
    entry.task = tasks.take(row.task)
    entry.queue = queues.take(row.queue)
    entry.owner = owners.take(row.owner)
    entry.reason = reasons.take(row.reason)
    entry.timing = takeTiming(row.timing)
    entry.state = row.state
    entry.isPlain = row.isPlain
    entry.isImmediate = row.next?.isImmediate ?? false
    entry.due = row.next?.due.microseconds ?? Entry.noTime
    entry.sent = row.next?.sent.microseconds ?? Entry.noTime
    entry.lastDue = row.lastRun?.due.microseconds ?? Entry.noTime
    entry.late = row.lastRun?.late ?? Entry.noTime
    entry.totalRunCount = row.totalRunCount
    entry.warnings = UInt16(clamping: row.warnings)
    counts[row.state, default: 0] += 1
    if let slot = slots[row.name].map({ Int($0) }) {
      let old = entries[slot]
      if entry.late == Entry.noTime, entry.lastDue != Entry.noTime, old.lastDue != Entry.noTime,
        UnixTime(microseconds: entry.lastDue).microseconds(since: UnixTime(microseconds: old.lastDue)).magnitude < 1_000
      {
        entry.late = old.late
      }
      (entry.rank, entry.isOrdered, entry.name) = (old.rank, old.isOrdered, old.name)
      release(old)
      entries[slot] = entry
    } else {
      isSettled = false
      if let slot = freeSlots.popLast() {
        entries[Int(slot)] = entry
        slots[row.name] = slot
      } else {
        slots[row.name] = Int32(clamping: entries.count)
        entries.append(entry)
      }
    }
  }

  /// Returns whether there was such a schedule.
  @discardableResult
  mutating func remove(_ name: EntryName) -> Bool {
    guard let slot = slots.removeValue(forKey: name) else { return false }
    release(entries[Int(slot)])
    entries[Int(slot)] = Entry(name: EntryName([]))
    entries[Int(slot)].isUsed = false
    freeSlots.append(slot)
    isSettled = false
    return true
  }

  /// Takes in a run. Returns false if the document has to be read to know what comes next.
  mutating func take(_ run: FireRecord, now: UnixTime) -> Bool {
    guard let slot = slots[run.name].map({ Int($0) }) else { return true }
    var row = row(entries[slot])
    let isKnown = row.take(run, now: now)
    entries[slot].lastDue = row.lastRun?.due.microseconds ?? Entry.noTime
    entries[slot].late = row.lastRun?.late ?? Entry.noTime
    entries[slot].totalRunCount = row.totalRunCount
    entries[slot].due = row.next?.due.microseconds ?? Entry.noTime
    entries[slot].sent = row.next?.sent.microseconds ?? Entry.noTime
    entries[slot].isImmediate = row.next?.isImmediate ?? false
    return isKnown
  }

  private static func folded(_ row: ScheduleRow) -> [UInt8]? {
    let name = "\(row.name)"
    var text = SearchText.folded(name)
    if let label = row.label, label != name { text += [0] + SearchText.folded(label) }
    return text == row.name.bytes ? nil : text
  }

  private mutating func release(_ entry: Entry) {
    counts[entry.state, default: 0] -= 1
    tasks.release(entry.task)
    queues.release(entry.queue)
    owners.release(entry.owner)
    reasons.release(entry.reason)
    guard entry.timing > 0 else { return }
    let place = Int(entry.timing)
    timings[place].users -= 1
    guard timings[place].users == 0 else { return }
    if let timing = timings[place].timing { timingNumbers[timing] = nil }
    timings[place].timing = nil
    freeTimings.append(entry.timing)
  }

  private mutating func takeTiming(_ timing: ScheduleRow.Timing?) -> UInt32 {
    guard let timing else { return 0 }
    if let number = timingNumbers[timing] {
      timings[Int(number)].users += 1
      return number
    }
    let number = freeTimings.popLast() ?? UInt32(timings.count)
    let shared = SharedTiming(timing: timing, users: 1)
    if Int(number) == timings.count { timings.append(shared) } else { timings[Int(number)] = shared }
    timingNumbers[timing] = number
    return number
  }

  // MARK: a load of all documents

  /// From now on every row that comes counts as seen.
  mutating func beginLoad() { for slot in entries.indices { entries[slot].isSeen = false } }

  /// Removes the rows that have not come since `beginLoad`, and returns their names.
  mutating func endLoad() -> [EntryName] {
    let gone = entries.filter { $0.isUsed && !$0.isSeen }.map(\.name)
    for name in gone { remove(name) }
    return gone
  }

  // MARK: answers

  struct Page {
    /// How many rows the filter leaves.
    var total = 0
    var rows: [ScheduleRow] = []
  }

  mutating func page(_ query: ListQuery, now: UnixTime) -> Page {
    settle()
    guard let filter = Filter(query, self, now: now) else { return Page() }
    let taskOrder = query.key == .task ? tasks.order() : []
    var items: [PartialSort.Item] = []
    items.reserveCapacity(filter.isAll ? count : 0)
    // Without a copy of each entry, whose counts of references would take longer than all else.
    entries.withUnsafeBufferPointer { entries in
      for slot in order {
        let place = Int(slot)
        guard filter.isAll || filter.takes(entries, place) else { continue }
        var key = Self.key(entries, place, query.key, taskOrder, now)
        // A schedule without the value that is sorted by comes last in both directions.
        if query.isReversed, let value = key { key = -value }
        items.append(PartialSort.Item(key: key ?? .max, rank: entries[place].rank, slot: slot))
      }
    }
    if query.key == .name, !query.isReversed {
      let range = min(query.offset, items.count)..<min(query.offset + query.limit, items.count)
      return Page(total: items.count, rows: items[range].map { row(entries[Int($0.slot)]) })
    }
    let page = PartialSort.page(&items, query.offset..<(query.offset + query.limit))
    let rows = page.map { row(entries[Int($0.slot)]) }
    return Page(total: items.count, rows: rows)
  }

  private static func key(
    _ entries: UnsafeBufferPointer<Entry>, _ place: Int, _ key: ListQuery.Key, _ taskOrder: [Int32], _ now: UnixTime
  ) -> Int64? {
    func value(_ time: Int64) -> Int64? { time == Entry.noTime ? nil : time }
    switch key {
    case .name: return Int64(entries[place].rank)
    case .task:
      let task = Int(entries[place].task)
      return task == 0 ? nil : Int64(taskOrder[task])
    case .state: return Int64(entries[place].state.rawValue)
    case .next: return value(entries[place].sent)
    case .lastRun: return value(entries[place].lastDue)
    case .count: return max(entries[place].totalRunCount, .min + 1)
    case .late:
      let (sent, late) = (entries[place].sent, entries[place].late)
      guard sent != Entry.noTime, sent <= now.microseconds else { return value(late) }
      // `noTime` is less than any lateness.
      return max(now.microseconds(since: UnixTime(microseconds: sent)), late)
    }
  }

  /// The tests that an entry must pass.
  private struct Filter {
    /// For each word of the search, which tasks and queues hold it.
    private var words: [(word: [UInt8], tasks: [Bool], queues: [Bool])]
    /// A bit for each state that passes.
    private var states: UInt8
    private var task: UInt32?
    private var queue: UInt32?
    private var owner: UInt32?
    private var latest: Int64?
    /// No test is made.
    let isAll: Bool

    /// nil: nothing passes.
    init?(_ query: ListQuery, _ index: ScheduleIndex, now: UnixTime) {
      if let text = query.task {
        guard let number = index.tasks.number(of: text) else { return nil }
        task = number
      }
      if let text = query.queue {
        guard let number = index.queues.number(of: text) else { return nil }
        queue = number
      }
      if let text = query.owner {
        guard let number = index.owners.number(of: text) else { return nil }
        owner = number
      }
      words = query.words.map { ($0, index.tasks.holding($0), index.queues.holding($0)) }
      states = query.states.isEmpty ? .max : query.states.reduce(0) { $0 | 1 << $1.rawValue }
      latest = query.dueWithin.map { now.advanced(by: $0).microseconds }
      isAll =
        words.isEmpty && query.states.isEmpty && task == nil && queue == nil && owner == nil && latest == nil
    }

    func takes(_ entries: UnsafeBufferPointer<Entry>, _ place: Int) -> Bool {
      if states >> entries[place].state.rawValue & 1 == 0 { return false }
      if let task, entries[place].task != task { return false }
      if let queue, entries[place].queue != queue { return false }
      if let owner, entries[place].owner != owner { return false }
      if let latest {
        let sent = entries[place].sent
        if sent == Entry.noTime || sent > latest { return false }
      }
      for index in words.indices {
        if words[index].tasks[Int(entries[place].task)] || words[index].queues[Int(entries[place].queue)] { continue }
        let isFound =
          if let folded = entries[place].folded { SearchText.holds(folded, words[index].word) } else {
            SearchText.holds(entries[place].name.bytes, words[index].word)
          }
        if !isFound { return false }
      }
      return true
    }
  }

  struct Facets {
    var tasks: [(text: String, count: Int)]
    var queues: [(text: String, count: Int)]
    var owners: [(text: String, count: Int)]
  }

  func facets(_ most: Int) -> Facets {
    Facets(tasks: tasks.mostUsed(most), queues: queues.mostUsed(most), owners: owners.mostUsed(most))
  }

  /// The schedules whose run should have been sent by now.
  func overdue(at now: UnixTime) -> FiringHealth.Overdue? {
    var count = 0
    var first: Entry?
    for entry in entries where entry.isUsed && entry.sent != Entry.noTime && entry.sent <= now.microseconds {
      count += 1
      if first.map({ entry.sent < $0.sent }) ?? true { first = entry }
    }
    return first.map {
      FiringHealth.Overdue(count: count, first: $0.name, since: UnixTime(microseconds: $0.sent))
    }
  }

  /// Puts the names that have come since into their order.
  private mutating func settle() {
    guard !isSettled else { return }
    let kept = order.filter { entries[Int($0)].isUsed && entries[Int($0)].isOrdered }
    let added = EntryName.inOrder(entries.filter { $0.isUsed && !$0.isOrdered }.map(\.name)).compactMap { slots[$0] }
    order = []
    order.reserveCapacity(kept.count + added.count)
    var (left, right) = (kept.startIndex, added.startIndex)
    while left < kept.endIndex || right < added.endIndex {
      let isLeft =
        right == added.endIndex
        || left < kept.endIndex
          && entries[Int(kept[left])].name.bytes.lexicographicallyPrecedes(entries[Int(added[right])].name.bytes)
      order.append(isLeft ? kept[left] : added[right])
      if isLeft { left += 1 } else { right += 1 }
    }
    for (rank, slot) in order.enumerated() {
      entries[Int(slot)].rank = Int32(clamping: rank)
      entries[Int(slot)].isOrdered = true
    }
    isSettled = true
  }
}
