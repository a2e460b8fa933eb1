import BeatCore

/// The full load: every document that stands there during the whole scan is read at least once.
///
/// Redis' SCAN guarantees that for keys that are there from its beginning to its end; it may repeat keys. It must begin
/// after events are being heard, so that whatever changes meanwhile is touched and read again.
///
/// The scan goes on ahead of the reads, and one page is read by Redis while the one before is worked off here. Not more
/// than that: Redis writes 64 KiB of a client's answers and then looks for its next commands, so that the end of an
/// answer waits behind the work that was asked for after it. Fires and pulses would wait, too, for an audit is such a
/// load.
package final class DocumentLoad {
  /// Keys asked for in one step of SCAN, documents read by one script call, and calls on their way.
  private static let scanCount = 500
  private static let pageSize = 200
  private static let maximumPages = 2

  private let scripts: StoreScripts
  private let deliver: ([EntryName], [Scheduler.DocumentRead]) -> Void
  private let finish: (RedisServerError?) -> Void
  /// Names that are too long to be read.
  package private(set) var ignored = NameScan.Ignored()
  /// Found, and not asked for yet.
  private var waiting = FirstInFirstOut<EntryName>()
  private var walk = ScanWalk()
  private var isScanning = false
  /// Reads under way.
  private var pages = 0
  private var isOver = false

  /// - Parameters:
  ///   - deliver: a page of documents.
  ///   - finish: called once, with nil when all is read. Not called if the connection dies.
  package init(
    _ scripts: StoreScripts, deliver: @escaping ([EntryName], [Scheduler.DocumentRead]) -> Void,
    finish: @escaping (RedisServerError?) -> Void
  ) {
    self.scripts = scripts
    self.deliver = deliver
    self.finish = finish
  }

  package func start() { goOn() }

  /// Neither delivers nor finishes any more.
  package func cancel() { isOver = true }

  /// Asks for what there is room for.
  private func goOn() {
    if waiting.count < 2 * Self.scanCount, !isScanning, !walk.isAtEnd { scan() }
    while pages < Self.maximumPages, waiting.count >= Self.pageSize || walk.isAtEnd && !waiting.isEmpty {
      var page: [EntryName] = []
      page.reserveCapacity(Self.pageSize)
      while page.count < Self.pageSize, let name = waiting.removeFirst() { page.append(name) }
      read(page)
    }
    guard walk.isAtEnd, pages == 0, !isOver else { return }
    isOver = true
    finish(nil)
  }

  private func scan() {
    isScanning = true
    scripts.nameScan.step(scripts, from: walk.cursor, count: Self.scanCount) { [self] page, error in
      guard !isOver else { return }
      isScanning = false
      guard let page, walk.advance(to: page.cursor ?? "0") else { return end(error) }
      for name in page.names { waiting.append(name) }
      ignored.add(page.ignored.count, longest: page.ignored.longest, head: page.ignored.head)
      goOn()
    }
  }

  private func read(_ names: [EntryName]) {
    pages += 1
    scripts.read(names) { [self] reads, error in
      pages -= 1
      guard !isOver else { return }
      guard let reads else { return end(error) }
      for name in names.dropFirst(reads.count) { waiting.append(name) }
      deliver(Array(names.prefix(reads.count)), reads)
      guard !isOver else { return }
      goOn()
    }
  }

  private func end(_ error: RedisServerError?) {
    // Without an error the connection has died, and its owner knows; or somebody answers who is no Redis.
    guard !isOver, error != nil || !scripts.connection.isClosed else { return }
    isOver = true
    finish(error ?? RedisServerError("ERR an answer to SCAN, or to a script, that is none, or a scan without end"))
  }
}
