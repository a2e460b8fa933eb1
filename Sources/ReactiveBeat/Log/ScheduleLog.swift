import BeatCore
import BeatDriver
import BeatLoop
import Logging

/// Writes the scheduler's reports as log lines. Each message is one word that other programs may wait for; the details
/// are in the fields.
///
/// A user who may write documents can cause any number of these lines, so all of them go through `FoldedLines` or
/// `FireLog`, and what they quote is cut.
final class ScheduleLog {
  private let logger: Logger
  private let places: LoggedPlaces
  private let fires: FireLog
  private let loaded, changed, removed, rejected, doubtful, skipped, deferred, finished, damaged: FoldedLines
  /// The lines of runs by hand.
  private let firedByHand, refused: FoldedLines

  init(_ logger: Logger, places: LoggedPlaces, on loop: EventLoop) {
    func lines(_ word: Logger.Message, _ level: Logger.Level) -> FoldedLines {
      FoldedLines(word, level, logger, on: loop)
    }
    self.logger = logger
    self.places = places
    fires = FireLog(logger, on: loop)
    loaded = lines("loaded", .info)
    changed = lines("changed", .info)
    removed = lines("removed", .info)
    rejected = lines("rejected", .warning)
    doubtful = lines("doubtful", .warning)
    skipped = lines("skipped", .warning)
    deferred = lines("deferred", .error)
    finished = lines("finished", .info)
    damaged = lines("damaged", .error)
    firedByHand = lines("fired", .info)
    refused = lines("refused", .warning)
  }

  func report(_ report: Scheduler.Report) {
    switch report {
    case .loaded(let name, let next, initially: true):
      // A million lines at start would hide `ready`, the one that matters.
      if logger.logLevel <= .debug { logger.debug("loaded", metadata: about(name, ["next": time(next)])) }
    case .loaded(let name, let next, initially: false):
      loaded.write(name, about(name, ["next": time(next)]))
    case .changed(let name, let next):
      changed.write(name, about(name, ["next": time(next)]))
    case .removed(let name):
      removed.write(name, about(name))
    case .rejected(let name, let reason):
      rejected.write(name, about(name, ["reason": .string(reason)]))
    case .warned(let name, let text):
      doubtful.write(name, about(name, ["reason": .string(text)]))
    case .fired(let plan, let at, let confirmed):
      let lateness = at.microseconds(since: plan.due)
      fires.fired(
        plan.entry,
        about(
          plan.entry,
          [
            "task": .string(plan.task.beginning(Limit.quotationLength.most)), "id": .string(plan.taskID.description),
            "due": time(plan.due),
            "late_ms": .stringConvertible(lateness.milliseconds), "queue": .string(plan.route.name),
          ].merging(confirmed ? ["confirmed": .stringConvertible(true)] : [:]) { $1 }),
        lateness: lateness)
    case .skipped(let name, let count, let from, let through):
      skipped.write(
        name,
        about(name, ["count": .stringConvertible(count), "from": time(from), "through": time(through)]))
    case .deferred(let name, let due, let reason, let until):
      deferred.write(name, about(name, ["due": time(due), "until": time(until), "reason": .string(reason)]))
    case .finished(let name, let reason):
      finished.write(name, about(name, ["reason": .string(reason)]))
    case .watermarkDamaged(let name, let bytes):
      damaged.write(
        name,
        about(
          name,
          [
            "reason": .string(
              "\(places.watermark(name)) holds "
                + "\"\(EntryName(Array(bytes.prefix(100))))\", which is no "
                + "watermark: the daemon that fires replaces it, and what cannot be known to have been fired counts from now; "
                + "find out who writes there")
          ]))
    case .ready:
      break  // the daemon reports `ready` itself, with more details
    }
  }

  /// Reports runs by hand.
  func report(_ event: ManualEvent) {
    switch event {
    case .fired(let plan):
      firedByHand.write(
        plan.entry,
        about(
          plan.entry,
          [
            "task": .string(plan.task.beginning(Limit.quotationLength.most)), "id": .string(plan.taskID.description),
            "queue": .string(plan.route.name), "why": .string(plan.reason.rawValue),
          ]))
    case .refused(let name, let reason), .failed(let name, let reason):
      refused.write(name, about(name, ["reason": .string(reason)]))
    }
  }

  func flush() {
    fires.flush()
    for lines in [
      loaded, changed, removed, rejected, doubtful, skipped, deferred, finished, damaged, firedByHand, refused,
    ] {
      lines.flush()
    }
  }

  private func about(_ name: EntryName, _ more: Logger.Metadata = [:]) -> Logger.Metadata {
    more.merging(["key": .string(EntryName(places.document(name)).brief(after: places.prefixLength))]) { $1 }
  }

  private func time(_ time: UnixTime?) -> Logger.MetadataValue { .string(time?.iso8601 ?? "never") }
}
