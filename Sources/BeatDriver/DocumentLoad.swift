import BeatCore

/// The full load: every document that stands there during the whole walk is read at least once.
///
/// It must begin after edits are being heard, so that whatever changes meanwhile is touched and read again.
///
/// The walk goes on ahead of the reads, and one page is read by the server while the one before is worked off here. Not more
/// than that: Redis writes 64 KiB of a client's answers and then looks for its next commands, so that the end of an
/// answer waits behind the work that was asked for after it. Fires and heartbeats would wait, too, for an audit is such a
/// load.
final class DocumentLoad {
  /// Names found ahead of the reads, documents read at once, and reads on their way.
  private static let ahead = 1000
  private static let pageSize = 200
  private static let maximumPages = 2

  private let store: any ScheduleStore
  private let deliver: ([EntryName], [Scheduler.DocumentRead]) -> Void
  private let finish: (Refusal?) -> Void
  /// Names that are too long to be read.
  private(set) var ignored = IgnoredNames()
  /// Found, and not asked for yet.
  private var waiting = FirstInFirstOut<EntryName>()
  /// Where the walk goes on.
  private var position: ScanPosition?
  private var isAtEnd = false
  private var isWalking = false
  /// Reads under way.
  private var pages = 0
  private var isOver = false

  /// - Parameters:
  ///   - deliver: a page of documents.
  ///   - finish: called once, with nil when all is read. Not called if the session ends.
  init(
    _ store: any ScheduleStore, deliver: @escaping ([EntryName], [Scheduler.DocumentRead]) -> Void,
    finish: @escaping (Refusal?) -> Void
  ) {
    self.store = store
    self.deliver = deliver
    self.finish = finish
  }

  func start() { goOn() }

  /// Neither delivers nor finishes any more.
  func cancel() { isOver = true }

  /// Asks for what there is room for.
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
