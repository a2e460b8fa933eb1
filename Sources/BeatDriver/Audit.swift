import BeatCore

/// Compares every document with what the daemon knows of it, to find edits whose events were lost. A document that was
/// edited at this very moment differs, too, so the audit waits for its event; only a document that still differs
/// without one is a repair (`AuditFindings`). The number of repairs must stay 0.
///
///     scan all documents -> some differ -> wait 2 s, and for the events of two heartbeats -> repair the rest
///                                             event of the document: no repair
final class Audit {
  /// How long the audit waits for events after the scan, at least; microseconds.
  private static let patience: Int64 = 2_000_000
  /// The events of this many heartbeats after the scan come later than the events of all edits that the scan saw. Two,
  /// because the first heartbeat may have been sent before the scan ended.
  private static let beats = 2

  private let isQuiet: (EntryName) -> Bool
  private let repair: ([EntryName]) -> Void
  private let fail: (String) -> Void
  private var findings = AuditFindings()
  private var load: DocumentLoad?
  /// How many heartbeats' events the audit still waits for; nil: the scan goes on.
  private var beatsLeft: Int?
  /// The audit still waits for `patience` to pass.
  private var isPatient = true
  /// Names that are too long to be read.
  var ignored: IgnoredNames { load?.ignored ?? IgnoredNames() }
  private lazy var timer = surroundings.makeTimer { [unowned self] in
    isPatient = false
    finish()
  }
  private let surroundings: any Surroundings

  /// - Parameters:
  ///   - isKnown: whether a document is as the daemon knows it.
  ///   - isQuiet: whether no read, write or event of the document is on its way.
  ///   - names: all names that the daemon knows. Called at the end of the scan.
  ///   - repair: called once with the names that changed without an event; not called if the session ends.
  ///   - fail: called instead with the reason, if a read was refused or too much was edited for a verdict.
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

  /// An event of the name has arrived, so it needs no repair.
  func touched(_ name: EntryName) { findings.touched(name) }

  /// A heartbeat's event has arrived, and so have all events before it.
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
