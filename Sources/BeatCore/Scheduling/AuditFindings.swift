/// What an audit has found: documents that are not what is known of them, and of which no event has told.
///
/// In a storm of edits nearly every document differs for a moment: it was read here before its event came, or its own read
/// is still on its way. So only who was quiet is judged: nothing was heard of the name since the audit began, and nothing
/// of it was on its way when the answer came. The others are left to the next audit; what is on its way mends them before.
package struct AuditFindings: Sendable {
  /// How many names are remembered of which an event has told. With more, the audit judges none.
  package static let mostHeard = 100_000

  private var heard: Set<EntryName> = []
  package private(set) var isOverrun = false
  private var seen: Set<EntryName> = []
  private var suspects: Set<EntryName> = []

  package init() {}

  /// Nothing has to be waited for.
  package var isEmpty: Bool { suspects.isEmpty }

  /// An event has told of it.
  package mutating func touched(_ name: EntryName) {
    guard !isOverrun else { return }
    heard.insert(name)
    suspects.remove(name)
    guard heard.count > Self.mostHeard else { return }
    isOverrun = true
    (heard, seen, suspects) = ([], [], [])
  }

  /// The audit has read a document.
  ///
  /// - Parameters:
  ///   - isKnown: it is what is known of it.
  ///   - isQuiet: nothing of it is on its way (`Scheduler.isQuiet`).
  package mutating func looked(at name: EntryName, isKnown: Bool, isQuiet: Bool) {
    guard !isOverrun else { return }
    seen.insert(name)
    if !isKnown, isQuiet, !heard.contains(name) { suspects.insert(name) }
  }

  /// All documents have been looked at. What is known and was not among them is gone, unless it came, or came back, while
  /// the scan went on: then an event has told of it, and a scan need not show it. (`ScheduleStore.names`)
  package mutating func scanned(known: [EntryName], isQuiet: (EntryName) -> Bool) {
    guard !isOverrun else { return }
    for name in known where !seen.contains(name) && !heard.contains(name) && isQuiet(name) { suspects.insert(name) }
    seen = []
  }

  /// What nobody has told of, after all events of edits that the audit has seen have had their time.
  package func repairs(isQuiet: (EntryName) -> Bool) -> [EntryName] {
    suspects.filter(isQuiet).sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
  }
}
