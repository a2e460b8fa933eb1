import BeatCore

/// Forgets the marks of schedules that are long gone, so that names which are used once do not fill the hash for ever.
///
/// A mark outlives its document for `lifetime`: a schedule that is made again under its old name within it never fires
/// for a time already fired.
final class MarkSweep {
  /// Microseconds: 30 days.
  static let lifetime: Int64 = 30 * 86_400_000_000
  private static let scanCount = 500

  private let scripts: StoreScripts
  private let isKnown: (EntryName) -> Bool
  private let finish: (_ forgotten: Int?) -> Void
  private let limit: UnixTime
  private var forgotten = 0
  private var pending = 0
  private var walk = ScanWalk()

  /// - Parameter finish: called once with the number of marks forgotten; nil: the connection died, or HSCAN is refused.
  init(
    _ scripts: StoreScripts, now: UnixTime, isKnown: @escaping (EntryName) -> Bool,
    finish: @escaping (_ forgotten: Int?) -> Void
  ) {
    self.scripts = scripts
    self.isKnown = isKnown
    self.finish = finish
    limit = now.advanced(by: -Self.lifetime)
  }

  func start() { scan() }

  private func scan() {
    let command = RedisCommand("HSCAN", scripts.keys.mark, walk.cursor, "COUNT", Self.scanCount)
    scripts.connection.send(command) { [self] reply in
      guard let fields = walk.take(reply) else { return finish(nil) }
      for index in stride(from: 0, to: fields.count - 1, by: 2) {
        guard let name = fields[index].bytes, let mark = fields[index + 1].bytes else { continue }
        consider(EntryName(name), mark)
      }
      if !walk.isAtEnd { scan() }
      finishIfDone()
    }
  }

  private func consider(_ name: EntryName, _ bytes: [UInt8]) {
    guard !isKnown(name), let mark = Mark(bytes), mark.due < limit else { return }
    pending += 1
    scripts.forget(name, bytes) { [self] isForgotten in
      pending -= 1
      if isForgotten { forgotten += 1 }
      finishIfDone()
    }
  }

  private func finishIfDone() {
    if walk.isAtEnd, pending == 0 { finish(forgotten) }
  }
}
