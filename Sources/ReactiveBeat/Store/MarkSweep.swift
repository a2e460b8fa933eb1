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
  private var isScanned = false

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

  func start() { scan("0") }

  private func scan(_ cursor: String) {
    scripts.connection.send(RedisCommand("HSCAN", scripts.keys.mark, cursor, "COUNT", Self.scanCount)) { [self] reply in
      guard let parts = reply?.array, parts.count == 2, let next = parts[0].text, let fields = parts[1].array else {
        return finish(nil)
      }
      for index in stride(from: 0, to: fields.count - 1, by: 2) {
        guard let name = fields[index].bytes, let mark = fields[index + 1].bytes else { continue }
        consider(EntryName(name), mark)
      }
      if next == "0" { isScanned = true } else { scan(next) }
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
    if isScanned, pending == 0 { finish(forgotten) }
  }
}
