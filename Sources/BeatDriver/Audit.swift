import BeatCore

/// A slow look at everything, in case an event was lost that nothing else has told of: each document is compared with
/// what is known of it. An edit of this very moment also differs, so whatever differs is given time for its event, and
/// only what stays silent is a repair (`AuditFindings`). Their number must stay 0.
final class Audit {
  private static let patience: Int64 = 2_000_000
  /// Heartbeats whose events come after those of all that the scan has seen: the first may have been sent before its end.
  private static let beats = 2

  private let isQuiet: (EntryName) -> Bool
  private let repair: ([EntryName]) -> Void
  private let fail: (String) -> Void
  private var findings = AuditFindings()
  private var load: DocumentLoad?
  /// nil: the scan goes on.
  private var beatsLeft: Int?
  private var isPatient = true
  /// Names that were too long to be read.
  var ignored: IgnoredNames { load?.ignored ?? IgnoredNames() }
  private lazy var timer = surroundings.makeTimer { [unowned self] in
    isPatient = false
    finish()
  }
  private let surroundings: any Surroundings

  /// - Parameters:
  ///   - isQuiet: nothing of the document is on its way.
  ///   - names: of all that are known, asked for at the end of the scan.
  ///   - repair: called once, with what has changed without an event; not called if the session ends.
  ///   - fail: called in its place, with the reason, if something is refused or nobody could be judged.
  init(
    _ store: any ScheduleStore, in surroundings: any Surroundings,
    isKnown: @escaping (EntryName, Scheduler.DocumentRead) -> Bool,
    isQuiet: @escaping (EntryName) -> Bool, names: @escaping () -> [EntryName],
    repair: @escaping ([EntryName]) -> Void, fail: @escaping (String) -> Void
  ) {
    self.surroundings = surroundings
    self.isQuiet = isQuiet
    self.repair = repair
    self.fail = fail
    load = DocumentLoad(store) { [unowned self] names, reads in
      for (name, read) in zip(names, reads) {
        let isKnown = isKnown(name, read)
        findings.looked(at: name, isKnown: isKnown, isQuiet: isKnown || isQuiet(name))
      }
    } finish: { [unowned self] refusal in
      if let refusal { return fail(refusal.words) }
      findings.scanned(known: names(), isQuiet: isQuiet)
      beatsLeft = findings.isEmpty ? 0 : Self.beats
      timer.schedule(after: findings.isEmpty ? 0 : Self.patience)
    }
    load?.start()
  }

  /// Its event has come: no repair.
  func touched(_ name: EntryName) { findings.touched(name) }

  /// A heartbeat's event has come, and with it every event before it.
  func echoed() {
    guard let left = beatsLeft, left > 0 else { return }
    beatsLeft = left - 1
    finish()
  }

  func cancel() {
    load?.cancel()
    timer.cancel()
  }

  private func finish() {
    guard !isPatient, beatsLeft == 0 else { return }
    guard !findings.isOverrun else {
      return fail(
        "more than \(Plural.of(AuditFindings.mostHeard, "schedule was", "schedules were")) edited while it looked; the next one judges anew"
      )
    }
    repair(findings.repairs(isQuiet: isQuiet))
  }
}
