import BeatCore
import ReactiveBeat

/// Examines an installation from its store to the workers, and says what to change. A `StoreDoctor` examines what
/// depends on the kind of store.
final class Doctor {
  let store: any StoreInspector
  let specialist: any StoreDoctor
  let context: DocumentContext
  let timezone: String
  let defaultQueue: String
  /// The `broker_transport_options` that this command was given.
  let transportOptions: TransportOptions
  /// The options by which this command judges.
  private let options: [DaemonOption]
  var isFiring = false
  /// The daemons as `examineDaemons` found them.
  var fleet: Fleet?
  private let report: (Finding) -> Void

  init(
    _ store: any StoreInspector, with specialist: any StoreDoctor, context: DocumentContext, defaultQueue: String,
    transportOptions: TransportOptions, options: [DaemonOption], report: @escaping (Finding) -> Void
  ) {
    self.store = store
    self.specialist = specialist
    self.context = context
    timezone = context.defaultZone.name
    self.defaultQueue = defaultQueue
    self.transportOptions = transportOptions
    self.options = options
    self.report = report
  }

  func add(_ level: Finding.Level, _ check: String, _ text: String, fix: String? = nil) {
    report(Finding(level, check, text, fix: fix))
  }

  /// Runs all examinations. Each one comes after those whose results it needs.
  func examine() {
    let looks: [(String, () throws -> Void)] = [
      ("server", specialist.examineServer), ("clock", specialist.examineClock), ("broker", specialist.examineBroker),
      ("daemons", examineDaemons), ("notifications", examineChangeDetection), ("rights", specialist.examineRights),
      (specialist.places, specialist.examinePlaces), ("application", examineApplication),
      ("documents", examineDocuments),
    ]
    for (check, look) in looks {
      do { try look() } catch {
        add(.problem, check, "could not be looked at: \((error as? StoreError)?.message ?? "\(error)")")
      }
    }
  }

  /// The options in which this command differs from a daemon.
  func differences(from record: DaemonRecord) -> [DaemonDifference] {
    record.differences(fromCommand: options, delivery: specialist.delivery)
  }

  private func examineChangeDetection() throws {
    try specialist.examineChangeDetection(isFiring: isFiring, by: fleet?.firing.first?.record?.events)
  }

  /// The context that judges what is due. It has the time zone of the leading daemon, whose clock decides.
  var dueContext: DocumentContext {
    guard let name = fleet?.firing.first?.record?.timezone, let zone = try? ZoneDirectory().zone(name) else {
      return context
    }
    var theirs = context
    theirs.defaultZone = zone
    return theirs
  }
}
