import BeatCore

/// A slow look at everything, in case an event was lost that nothing else has told of: each document is compared with
/// what is known of it. An edit of this very moment also differs, so whatever differs is given time for its event, and
/// only what stays silent is a repair. Their number must stay 0.
final class Audit {
  private static let patience: Int64 = 2_000_000

  private let isKnown: (EntryName, Scheduler.DocumentRead) -> Bool
  private let repair: ([EntryName]) -> Void
  private let fail: (RedisServerError) -> Void
  private var suspects: Set<EntryName> = []
  private var seen: Set<EntryName> = []
  private var load: DocumentLoad?
  /// Names that were too long to be read.
  var ignored: NameScan.Ignored { load?.ignored ?? NameScan.Ignored() }
  private lazy var timer = LoopTimer(on: loop) { [unowned self] in finish() }
  private let loop: EventLoop

  /// - Parameters:
  ///   - names: of all that are known, asked for at the end of the scan.
  ///   - repair: called once, with what has changed without an event; not called if the connection dies.
  ///   - fail: called in its place if something is refused.
  init(
    _ scripts: StoreScripts, on loop: EventLoop, isKnown: @escaping (EntryName, Scheduler.DocumentRead) -> Bool,
    names: @escaping () -> [EntryName], repair: @escaping ([EntryName]) -> Void,
    fail: @escaping (RedisServerError) -> Void
  ) {
    self.loop = loop
    self.isKnown = isKnown
    self.repair = repair
    self.fail = fail
    load = DocumentLoad(scripts) { [unowned self] names, reads in
      seen.formUnion(names)
      for (name, read) in zip(names, reads) where !isKnown(name, read) { suspects.insert(name) }
    } finish: { [unowned self] error in
      if let error { return fail(error) }
      suspects.formUnion(names().filter { !seen.contains($0) })
      seen = []
      timer.schedule(after: suspects.isEmpty ? 0 : Self.patience)
    }
    load?.start()
  }

  /// Its event has come: no repair.
  func touched(_ name: EntryName) { suspects.remove(name) }

  func cancel() {
    load?.cancel()
    timer.cancel()
  }

  private func finish() { repair(suspects.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }) }
}
