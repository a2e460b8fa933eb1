/// What keeps the task ids of one store's schedules apart from those of all others: bytes that stand before each
/// schedule's name. The store's adapter chooses them, once and for all: with other bytes every occurrence has another task
/// id, and a repeat is no longer known as one.
package struct TaskIDNamespace: Hashable, Sendable {
  private let bytes: [UInt8]

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// What a schedule's task ids are made of, beside the due time.
  package func bytes(of name: EntryName) -> [UInt8] { bytes + name.bytes }
}
