import BeatCore
import ReactiveBeat

/// Looks at an installation from its store to the workers, and says what to change. What only who knows the kind of
/// store can judge, its `StoreDoctor` looks at.
final class Doctor {
  let store: any StoreInspector
  let specialist: any StoreDoctor
  let context: DocumentContext
  let timezone: String
  let defaultQueue: String
  var isFiring = false
  /// The daemons, as they were looked at.
  var fleet: Fleet?
  private let report: (Finding) -> Void

  init(
    _ store: any StoreInspector, with specialist: any StoreDoctor, context: DocumentContext, defaultQueue: String,
    report: @escaping (Finding) -> Void
  ) {
    self.store = store
    self.specialist = specialist
    self.context = context
    timezone = context.defaultZone.name
    self.defaultQueue = defaultQueue
    self.report = report
  }

  func add(_ level: Finding.Level, _ check: String, _ text: String, fix: String? = nil) {
    report(Finding(level, check, text, fix: fix))
  }

  /// All of it, in the order in which one thing stands on the other.
  func examine() {
    let looks: [(String, () throws -> Void)] = [
      ("server", specialist.examineServer), ("clock", specialist.examineClock), ("broker", specialist.examineBroker),
      ("daemons", examineDaemons), ("notifications", examineChangeDetection), ("rights", specialist.examineRights),
      ("keys", specialist.examinePlaces), ("documents", examineDocuments),
    ]
    for (check, look) in looks {
      do { try look() } catch {
        add(.problem, check, "could not be looked at: \((error as? StoreError)?.message ?? "\(error)")")
      }
    }
  }

  private func examineChangeDetection() throws {
    try specialist.examineChangeDetection(isFiring: isFiring, by: fleet?.firing.first?.record?.events)
  }

  /// What is due is due by the clock of the daemon that leads.
  var dueContext: DocumentContext {
    guard let name = fleet?.firing.first?.record?.timezone, let zone = try? ZoneDirectory().zone(name) else {
      return context
    }
    var theirs = context
    theirs.defaultZone = zone
    return theirs
  }
}
