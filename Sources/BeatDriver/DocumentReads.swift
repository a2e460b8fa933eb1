import BeatCore

/// Reads the documents whose events arrive: at once while few reads are on their way, else in pages as soon as there is
/// room. So a storm of edits does not keep a fire or a heartbeat waiting behind thousands of reads on the same
/// connection.
///
/// A document that waits is read later than its event, so what is read is only newer.
final class DocumentReads {
  private static let pageSize = 64
  private static let maximumPages = 4

  private let store: any ScheduleStore
  private let deliver: (EntryName, Scheduler.DocumentRead) -> Void
  private let fail: (Refusal) -> Void
  private var waiting = FirstInFirstOut<EntryName>()
  private var pages = 0
  private var isOver = false

  /// - Parameter fail: called when a read is refused; nothing is delivered afterwards. Not called if the session ends.
  init(
    _ store: any ScheduleStore, deliver: @escaping (EntryName, Scheduler.DocumentRead) -> Void,
    fail: @escaping (Refusal) -> Void
  ) {
    self.store = store
    self.deliver = deliver
    self.fail = fail
  }

  /// The scheduler has at most one read of a name on its way, so no more names wait than there are documents.
  func read(_ name: EntryName) {
    waiting.append(name)
    readNext()
  }

  /// Ends all reads: nothing is delivered any more.
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
