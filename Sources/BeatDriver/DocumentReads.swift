import BeatCore

/// Reads of the documents that events tell of: at once while few are on their way, and else together, as soon as there
/// is room. So a storm of edits does not keep a fire or a heartbeat waiting behind thousands of reads on the same connection.
///
/// What waits is read later than its event, and therefore newer.
final class DocumentReads {
  private static let pageSize = 64
  private static let maximumPages = 4

  private let store: any ScheduleStore
  private let deliver: (EntryName, Scheduler.DocumentRead) -> Void
  private let fail: (Refusal) -> Void
  private var waiting = FirstInFirstOut<EntryName>()
  private var pages = 0
  private var isOver = false

  /// - Parameter fail: nothing is delivered afterwards. Not called if the session ends.
  init(
    _ store: any ScheduleStore, deliver: @escaping (EntryName, Scheduler.DocumentRead) -> Void,
    fail: @escaping (Refusal) -> Void
  ) {
    self.store = store
    self.deliver = deliver
    self.fail = fail
  }

  /// The scheduler asks for a name once at a time, so that no more names wait than there are documents.
  func read(_ name: EntryName) {
    waiting.append(name)
    readNext()
  }

  /// Delivers nothing any more.
  func cancel() {
    isOver = true
    _ = waiting.removeAll()
  }

  private func readNext() {
    while pages < Self.maximumPages, !waiting.isEmpty, !isOver {
      var page: [EntryName] = []
      while page.count < Self.pageSize, let name = waiting.removeFirst() { page.append(name) }
      pages += 1
      store.read(page) { [self] result in
        pages -= 1
        guard !isOver else { return }
        switch result {
        case .success(let reads):
          for name in page.dropFirst(reads.count) { waiting.append(name) }
          // Delivering may end the session.
          for (name, read) in zip(page, reads) where !isOver { deliver(name, read) }
          readNext()
        case .failure(let refusal):
          cancel()
          if refusal.kind != .lost { fail(refusal) }
        }
      }
    }
  }
}
