import BeatCore

/// Reads of the documents that events tell of: at once while few are on their way, and else together, as soon as there
/// is room. So a storm of edits does not keep a fire or a pulse waiting behind thousands of reads on the same connection.
///
/// What waits is read later than its event, and therefore newer.
package final class DocumentReads {
  private static let pageSize = 64
  private static let maximumPages = 4

  private let scripts: StoreScripts
  private let deliver: (EntryName, Scheduler.DocumentRead) -> Void
  private let fail: (RedisServerError) -> Void
  private var waiting = FirstInFirstOut<EntryName>()
  private var pages = 0
  private var isOver = false

  /// - Parameter fail: nothing is delivered afterwards. Not called if the connection dies.
  package init(
    _ scripts: StoreScripts, deliver: @escaping (EntryName, Scheduler.DocumentRead) -> Void,
    fail: @escaping (RedisServerError) -> Void
  ) {
    self.scripts = scripts
    self.deliver = deliver
    self.fail = fail
  }

  /// The scheduler asks for a name once at a time, so that no more names wait than there are documents.
  package func read(_ name: EntryName) {
    waiting.append(name)
    readNext()
  }

  /// Delivers nothing any more.
  package func cancel() {
    isOver = true
    _ = waiting.removeAll()
  }

  private func readNext() {
    while pages < Self.maximumPages, !waiting.isEmpty, !isOver {
      var page: [EntryName] = []
      while page.count < Self.pageSize, let name = waiting.removeFirst() { page.append(name) }
      pages += 1
      scripts.read(page) { [self] reads, error in
        pages -= 1
        guard !isOver else { return }
        guard let reads else {
          cancel()
          if let error { fail(error) }
          return
        }
        for name in page.dropFirst(reads.count) { waiting.append(name) }
        for (name, read) in zip(page, reads) where !isOver { deliver(name, read) }
        readNext()
      }
    }
  }
}
