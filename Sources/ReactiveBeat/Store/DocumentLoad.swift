import BeatCore

/// The full load: every document that stands there during the whole scan is read at least once.
///
/// Redis' SCAN guarantees that for keys that are there from its beginning to its end; it may repeat keys. It must begin
/// after events are being heard, so that whatever changes meanwhile is touched and read again.
final class DocumentLoad {
  /// Keys asked for in one step of SCAN, and documents read by one script call.
  private static let scanCount = 1000
  private static let pageSize = 200

  private let scripts: StoreScripts
  private let deliver: ([EntryName], [Scheduler.DocumentRead]) -> Void
  private let finish: (RedisServerError?) -> Void
  private var pages = 0
  private var isScanned = false
  private var isOver = false

  /// - Parameters:
  ///   - deliver: a page of documents.
  ///   - finish: called once, with nil when all is read. Not called if the connection dies.
  init(
    _ scripts: StoreScripts, deliver: @escaping ([EntryName], [Scheduler.DocumentRead]) -> Void,
    finish: @escaping (RedisServerError?) -> Void
  ) {
    self.scripts = scripts
    self.deliver = deliver
    self.finish = finish
  }

  func start() { scan("0") }

  /// Neither delivers nor finishes any more.
  func cancel() { isOver = true }

  private func scan(_ cursor: String) {
    scripts.connection.send(
      RedisCommand("SCAN", cursor, "MATCH", scripts.keys.documentPattern, "COUNT", Self.scanCount)
    ) { [self] reply in
      guard !isOver else { return }
      guard let parts = reply?.array, parts.count == 2, let next = parts[0].text, let keys = parts[1].array else {
        return end(reply?.error)
      }
      // The next keys are asked for before these are read: their answer comes first, so that Redis is at work on the next
      // pages while we work these off.
      if next == "0" { isScanned = true } else { scan(next) }
      let names = keys.compactMap { $0.bytes.flatMap(scripts.keys.entry(of:)) }
      for start in stride(from: 0, to: names.count, by: Self.pageSize) {
        read(Array(names[start..<min(start + Self.pageSize, names.count)]))
      }
      finishIfDone()
    }
  }

  private func read(_ names: [EntryName]) {
    pages += 1
    scripts.read(names) { [self] reads, error in
      pages -= 1
      guard !isOver else { return }
      guard let reads else { return end(error) }
      deliver(names, reads)
      finishIfDone()
    }
  }

  private func finishIfDone() {
    guard isScanned, pages == 0, !isOver else { return }
    isOver = true
    finish(nil)
  }

  private func end(_ error: RedisServerError?) {
    // Without an error the connection has died, and its owner knows.
    guard let error, !isOver else { return }
    isOver = true
    finish(error)
  }
}
