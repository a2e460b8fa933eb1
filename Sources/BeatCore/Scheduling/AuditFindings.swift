/// What an audit has found: documents that differ from what is known of them, although no event has come.
///
/// In a storm of edits, nearly every document differs for a moment: the audit reads it before its event comes, or while
/// its own read is on its way. So the audit judges only quiet documents: no event of the name has come since the audit
/// began, and nothing of it was on its way when the answer came. The other documents are left to the next audit. What
/// is on its way usually mends them before.
package struct AuditFindings: Sendable {
  /// How many names of events are remembered. With more, the audit judges no document.
  package static let mostHeard = 100_000

  private var heard: Set<EntryName> = []
  package private(set) var isOverrun = false
  private var seen: Set<EntryName> = []
  private var suspects: Set<EntryName> = []

  package init() {}

  /// Whether no document is suspected, so that the audit need not wait for events.
  package var isEmpty: Bool { suspects.isEmpty }

  /// Takes in an event of a document.
  package mutating func touched(_ name: EntryName) {
    guard !isOverrun else { return }
    heard.insert(name)
    suspects.remove(name)
    guard heard.count > Self.mostHeard else { return }
    isOverrun = true
    (heard, seen, suspects) = ([], [], [])
  }

  /// Takes in a document that the audit has read.
  ///
  /// - Parameters:
  ///   - isKnown: whether it is what the scheduler knows.
  ///   - isQuiet: whether nothing of it is on its way (`Scheduler.isQuiet`).
  package mutating func looked(at name: EntryName, isKnown: Bool, isQuiet: Bool) {
    guard !isOverrun else { return }
    seen.insert(name)
    if !isKnown, isQuiet, !heard.contains(name) { suspects.insert(name) }
  }

  /// Takes in the end of the scan. A known document that the scan did not show is gone, unless it was made, or made
  /// again, during the scan. In that case an event has come, and the scan need not show it (`ScheduleStore.names`).
  package mutating func scanned(known: [EntryName], isQuiet: (EntryName) -> Bool) {
    guard !isOverrun else { return }
    for name in known where !seen.contains(name) && !heard.contains(name) && isQuiet(name) { suspects.insert(name) }
    seen = []
  }

  /// The documents to read again: they differ, and no event of them has come, although the events of all edits that the
  /// audit saw have had their time.
  package func repairs(isQuiet: (EntryName) -> Bool) -> [EntryName] {
    suspects.filter(isQuiet).sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
  }
}
