import BeatCore

/// The full load: it reads at least once every document that exists during the whole walk.
///
/// It must begin after change detection does, so that a document that changes during the load is read again.
///
/// The walk goes on ahead of the reads. While the daemon handles one page of documents, the server reads the next, and
/// no more than that: a server may write only a part of a long answer before it handles the client's next commands
/// (Redis writes 64 KiB), so the end of an answer waits behind work that was asked for later. Fires and heartbeats
/// would wait, too, since an audit is such a load.
final class DocumentLoad {
  /// The most names found ahead of the reads, documents in one read, and reads on their way.
  private static let ahead = 1000
  private static let pageSize = 200
  private static let maximumPages = 2

  private let store: any ScheduleStore
  private let deliver: ([EntryName], [Scheduler.DocumentRead]) -> Void
  private let finish: (Refusal?) -> Void
  /// Names that are too long to be read.
  private(set) var ignored = IgnoredNames()
  /// Names that were found and are not being read yet.
  private var waiting = FirstInFirstOut<EntryName>()
  /// Where the walk continues; nil: at its beginning, or it has ended.
  private var position: ScanPosition?
  private var isAtEnd = false
  private var isWalking = false
  /// The number of reads that are on their way.
  private var pages = 0
  private var isOver = false

  /// - Parameters:
  ///   - deliver: gets each page of documents.
  ///   - finish: called once: with nil when all is read, or with the refusal. Not called if the session ends.
  init(
    _ store: any ScheduleStore, deliver: @escaping ([EntryName], [Scheduler.DocumentRead]) -> Void,
    finish: @escaping (Refusal?) -> Void
  ) {
    self.store = store
    self.deliver = deliver
    self.finish = finish
  }

  func start() { goOn() }

  /// Ends the load: it neither delivers nor finishes any more.
  func cancel() { isOver = true }

  /// Sends the next step of the walk and the next reads, as far as the limits allow.
  private func goOn() {
    if waiting.count < Self.ahead, !isWalking, !isAtEnd { walk() }
    while pages < Self.maximumPages, waiting.count >= Self.pageSize || isAtEnd && !waiting.isEmpty {
      var page: [EntryName] = []
      page.reserveCapacity(Self.pageSize)
      while page.count < Self.pageSize, let name = waiting.removeFirst() { page.append(name) }
      read(page)
    }
    guard isAtEnd, pages == 0, !isOver else { return }
    end(nil)
  }

  private func walk() {
    isWalking = true
    store.names(from: position) { [self] result in
      guard !isOver else { return }
      isWalking = false
      switch result {
      case .success(let page):
        for name in page.names { waiting.append(name) }
        ignored.add(page.ignored)
        position = page.next
        isAtEnd = page.next == nil
        goOn()
      case .failure(let refusal): end(refusal)
      }
    }
  }

  private func read(_ names: [EntryName]) {
    pages += 1
    store.read(names) { [self] result in
      pages -= 1
      guard !isOver else { return }
      switch result {
      case .success(let reads):
        for name in names.dropFirst(reads.count) { waiting.append(name) }
        deliver(Array(names.prefix(reads.count)), reads)
        // Delivering may end the session.
        if !isOver { goOn() }
      case .failure(let refusal): end(refusal)
      }
    }
  }

  private func end(_ refusal: Refusal?) {
    guard !isOver, refusal?.kind != .lost else { return }
    isOver = true
    finish(refusal)
  }
}
