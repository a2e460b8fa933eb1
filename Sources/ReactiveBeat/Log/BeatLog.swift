import BeatCore
import Logging

/// The scheduler's reports as log lines. Each message is one word that other programs may wait for; what it is about
/// stands in the fields.
final class BeatLog {
  private let logger: Logger
  private let keys: RedisKeys
  private let fires: FireLog

  init(_ logger: Logger, keys: RedisKeys, on loop: EventLoop) {
    self.logger = logger
    self.keys = keys
    fires = FireLog(logger, on: loop)
  }

  func report(_ report: Scheduler.Report) {
    switch report {
    case .loaded(let name, let next, let initially):
      // A million lines at start would hide the one that counts, `ready`.
      logger.log(level: initially ? .debug : .info, "loaded", metadata: about(name, ["next": time(next)]))
    case .changed(let name, let next):
      logger.info("changed", metadata: about(name, ["next": time(next)]))
    case .removed(let name):
      logger.info("removed", metadata: about(name))
    case .rejected(let name, let reason):
      logger.warning("rejected", metadata: about(name, ["reason": .string(reason)]))
    case .warned(let name, let text):
      logger.warning("doubtful", metadata: about(name, ["reason": .string(text)]))
    case .fired(let name, let task, let id, let due, let at, let route, let confirmed):
      let lateness = at.microseconds(since: due)
      fires.fired(
        about(
          name,
          [
            "task": .string(task), "id": .string(id.description), "due": time(due),
            "late_ms": .stringConvertible(lateness.milliseconds), "queue": .string(route.name),
          ].merging(confirmed ? ["confirmed": .stringConvertible(true)] : [:]) { $1 }),
        lateness: lateness)
    case .skipped(let name, let count, let from, let through):
      logger.warning(
        "skipped",
        metadata: about(
          name, ["count": .stringConvertible(count), "from": time(from), "through": time(through)]))
    case .held(let name, let due, let reason, let until):
      logger.error("held", metadata: about(name, ["due": time(due), "until": time(until), "reason": .string(reason)]))
    case .finished(let name, let reason):
      logger.info("finished", metadata: about(name, ["reason": .string(reason)]))
    case .markDamaged(let name, let bytes):
      logger.error(
        "damaged",
        metadata: about(
          name,
          [
            "reason": .string(
              "field \(name) of the hash \(EntryName(keys.mark)) holds \"\(EntryName(Array(bytes.prefix(100))))\", which is no "
                + "mark: the daemon that fires replaces it, and what cannot be known to have been fired counts from now; "
                + "find out who writes there")
          ]))
    case .ready:
      break  // the service knows more: it says `ready` itself
    }
  }

  /// What the workers' transport options say that is not done here, once.
  func report(_ options: TransportOptions, defaultQueue: String) {
    func names(_ names: [String]) -> Logger.MetadataValue {
      .string(names.prefix(50).joined(separator: ", ").printable)
    }
    if !options.withoutEffect.isEmpty {
      logger.notice(
        "transport options",
        metadata: [
          "without_effect": names(options.withoutEffect),
          "reason": .string("they do not say where messages lie, which is all that is taken from them"),
        ])
    }
    if !options.unknown.isEmpty {
      logger.warning(
        "transport options",
        metadata: [
          "unknown": names(options.unknown),
          "reason": .string("Celery's Redis transport does not know them either: is the spelling right?"),
        ])
    }
    if options.keys.isMistaken(Array(defaultQueue.utf8)) {
      logger.warning(
        "transport options",
        metadata: ["queue": .string(defaultQueue.printable), "reason": .string(options.keys.mistake)])
    }
  }

  /// Runs that somebody has asked for.
  func report(_ event: ManualFires.Event) {
    switch event {
    case .fired(let plan):
      logger.info(
        "fired",
        metadata: about(
          plan.entry,
          [
            "task": .string(plan.task), "id": .string(plan.taskID.description), "queue": .string(plan.route.name),
            "why": .string(plan.reason.rawValue),
          ]))
    case .refused(let name, let reason), .failed(let name, let reason):
      logger.warning("refused", metadata: about(name, ["reason": .string(reason)]))
    }
  }

  func flush() { fires.flush() }

  private func about(_ name: EntryName, _ more: Logger.Metadata = [:]) -> Logger.Metadata {
    more.merging(["key": .string(EntryName(keys.document(name)).description)]) { $1 }
  }

  private func time(_ time: UnixTime?) -> Logger.MetadataValue { .string(time?.iso8601 ?? "never") }
}

extension Route {
  var name: String {
    switch self {
    case .queue(let name): name
    case .exchange(let name, let key): "\(name)/\(key)"
    }
  }
}
