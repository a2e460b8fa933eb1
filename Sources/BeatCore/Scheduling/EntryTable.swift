/// The entries by name and by handle. A handle is the entry's place in one array, so handles are dense and reused.
struct EntryTable {
  private var slots: [ScheduleEntry?] = []
  private var free: [DueHeap.Handle] = []
  private var index = NameIndex()
  /// The entries by state. Whoever changes an entry's state or refusals in its place says so: `move`, `changed`,
  /// `deferred`.
  private(set) var census = ScheduleCensus()

  var count: Int { index.count }
  /// All names, in the order of their handles: a step that visits all entries visits them in the same order in each
  /// run.
  var names: [EntryName] { slots.compactMap { $0?.name } }

  /// The names of some entries, in the same order.
  func names(where isWanted: (ScheduleEntry) -> Bool) -> [EntryName] {
    slots.compactMap { entry in entry.flatMap { isWanted($0) ? $0.name : nil } }
  }

  func handle(of name: EntryName) -> DueHeap.Handle? { index.find(name) { slots[$0]?.name } }

  subscript(handle: DueHeap.Handle) -> ScheduleEntry? {
    // The entry is lent and changed in place, since it is read far more often than it is copied.
    _read {
      if slots.indices.contains(handle) { yield slots[handle] } else { yield nil }
    }
    _modify { yield &slots[handle] }
  }

  /// Whether there is such an entry and it waits. It spares the subscript, of which each use allocates a frame.
  func isWaiting(_ handle: DueHeap.Handle) -> Bool {
    slots.indices.contains(handle) && slots[handle]?.isWaiting == true
  }

  /// When the next occurrence of an entry is to be sent; nil: it has none, or there is no such entry.
  func nextSending(_ handle: DueHeap.Handle) -> UnixTime? {
    guard slots.indices.contains(handle), let entry = slots[handle], let next = entry.nextDue else { return nil }
    return entry.sending(of: next)
  }

  mutating func insert(_ entry: ScheduleEntry) -> DueHeap.Handle {
    let handle = free.popLast() ?? slots.count
    if handle == slots.count { slots.append(entry) } else { slots[handle] = entry }
    index.insert(entry.name, handle)
    census[entry.state] += 1
    if entry.refusals != nil { census.deferred += 1 }
    return handle
  }

  mutating func remove(_ name: EntryName) -> (handle: DueHeap.Handle, entry: ScheduleEntry)? {
    guard let handle = index.remove(name, { [slots] in slots[$0]?.name }), let entry = slots[handle] else { return nil }
    slots[handle] = nil
    free.append(handle)
    census[entry.state] -= 1
    if entry.refusals != nil { census.deferred -= 1 }
    return (handle, entry)
  }

  /// Moves an entry to another phase.
  ///
  /// - Returns: why the move is illegal and was not made; nil: it was made, or there is no such entry.
  mutating func move(_ handle: DueHeap.Handle, to phase: ScheduleEntry.Phase) -> ScheduleEntry.IllegalMove? {
    // By the array itself: each use of the subscript above allocates a frame.
    guard slots.indices.contains(handle), let before = slots[handle]?.state else { return nil }
    let illegal = slots[handle]?.transition(to: phase)
    changed(handle, from: before)
    return illegal
  }

  /// An entry whose state was `before` may have another one now.
  mutating func changed(_ handle: DueHeap.Handle, from before: ScheduleCensus.State) {
    guard slots.indices.contains(handle), let after = slots[handle]?.state, after != before else { return }
    census[before] -= 1
    census[after] += 1
  }

  /// So many more entries are deferred.
  mutating func deferred(_ change: Int) { census.deferred += change }
}
