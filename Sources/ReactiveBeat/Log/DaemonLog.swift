import BeatCore
import BeatDriver
import BeatLoop
import BeatRedis
import Logging

/// Writes a daemon's events as log lines. Each message is one word that other programs may wait for; the details are in
/// the fields.
final class DaemonLog {
  let logger: Logger
  let configuration: BeatConfiguration
  private let schedules: ScheduleLog
  private let relay: RelayLog
  private var hasWarnedOfEviction = false
  private var place: String { configuration.store.place(keyPrefix: configuration.keyPrefix) }

  init(_ logger: Logger, _ configuration: BeatConfiguration, on loop: EventLoop) {
    self.logger = logger
    self.configuration = configuration
    schedules = ScheduleLog(logger, places: LoggedPlaces(configuration), on: loop)
    relay = RelayLog(logger, broker: configuration.broker)
  }

  func flush() { schedules.flush() }

  func report(_ event: DaemonEvent) {
    switch event {
    case .schedule(let report, _): schedules.report(report)
    case .unfired, .inForce: break  // for metrics: a line for each would say nothing that a person can use
    case .manual(let event): schedules.report(event)
    case .relay(let event): relay.report(event)
    case .notice(let notice): report(notice)
    case .ready(let readiness): report(readiness)
    case .proof(let proof): report(proof)
    case .disconnected(let reason):
      logger.error("disconnected", metadata: ["store": .string("\(configuration.store)"), "reason": .string(reason)])
    case .changeDetection(let new, let old, let reason):
      logger.warning(
        "notifications",
        metadata: ["reason": .string("\(reason). Trying \(new.rawValue) instead of \(old.rawValue)")])
    case .missedChanges(let reason):
      logger.warning(
        "notifications",
        metadata: ["reason": .string("\(reason). Events are heard again; every schedule is read for what was missed")])
    case .reloading(let reason): logger.error("reloading", metadata: ["reason": .string(reason)])
    case .reloaded(let count): logger.notice("reloaded", metadata: ["schedules": .stringConvertible(count)])
    case .reloadFailed(let reason):
      logger.error("reload failed", metadata: ["reason": .string("\(reason); the rules read before stay in force")])
    case .application(let manifest): report(manifest)
    case .applicationUnreadable(let reason):
      logger.warning(
        "application",
        metadata: ["reason": .string("what it has published cannot be used, and does not count: \(reason)")])
    case .leading(let token):
      logger.notice("leading", metadata: configuration.leaseTTL == nil ? [:] : ["token": .string(token)])
    case .standingBy(let reason): logger.notice("standing by", metadata: ["reason": .string(reason)])
    case .clockStepped(let step): logger.notice("clock", metadata: ["step_s": seconds(step)])
    case .clockDiffers(let difference): logger.warning("clock", metadata: ["server_ahead_s": seconds(difference)])
    case .undeliverable(let reason): reportUndeliverable(reason)
    case .repaired(let count, let total, let first):
      logger.error(
        "repaired",
        metadata: [
          "count": .stringConvertible(count), "total": .stringConvertible(total),
          "reason": .string("no event has told of these edits; the first is of \(first)"),
        ])
    case .auditFailed(let reason):
      logger.warning(
        "audit failed", metadata: ["reason": .string("edits of which no event tells are not found: \(reason)")])
    case .swept(let watermarks): logger.info("swept", metadata: ["watermarks": .stringConvertible(watermarks)])
    case .damaged(nil, let text): logger.warning("damaged", metadata: ["reason": .string(text)])
    case .damaged(let place?, let text):
      logger.warning(
        "damaged", metadata: ["key": .string("\(EntryName(place))"), "reason": .string("the \(terms.item) \(text)")])
    case .ignored(let names):
      if let words = names.words(terms) { logger.warning("ignored", metadata: ["reason": .string(words)]) }
    case .option(let difference, let theirs): report(difference, of: theirs)
    case .dubiousPlace(let doubt): warn(ofPrefix: "\(doubt.probable)", doubt.words)
    case .neighbours(let places):
      warn(ofPrefix: places.map(\.description).joined(separator: " "), terms.neighbours(places, of: place))
    case .stopped(let fired, let unanswered):
      flush()
      logger.info(
        "stopped", metadata: ["fired": .stringConvertible(fired), "unanswered": .stringConvertible(unanswered)])
    }
  }

  private var terms: any StoreTerms { configuration.store.terms }

  private func seconds(_ microseconds: Int64) -> Logger.MetadataValue {
    .stringConvertible(Double(microseconds) / 1_000_000)
  }

  private func warn(ofPrefix others: String, _ reason: String) {
    logger.warning(
      "prefix",
      metadata: [
        "prefix": .string(place), "others": .string(others), "reason": .string(reason),
      ])
  }

  private func report(_ notice: StoreNotice) {
    switch notice {
    case .primary(let address, let master):
      logger.notice("primary", metadata: ["address": .string(address), "master": .string(master)])
    case .notifications(let text): logger.notice("notifications", metadata: ["reason": .string(text)])
    case .brokerUnknown(let text): logger.notice("broker", metadata: ["reason": .string(text)])
    case .evicting(let policy):
      guard !hasWarnedOfEviction else { return }
      hasWarnedOfEviction = true
      logger.warning(
        "eviction",
        metadata: [
          "policy": .string(policy),
          "reason": .string(
            "when its memory is full, the store \(configuration.store) throws away any key, schedules and watermarks too: "
              + "set maxmemory-policy to noeviction, or to one that begins with volatile-"),
        ])
    case .foreignFields: break  // the daemon reports it as `.damaged`
    case .leftOut(let documents):
      logger.warning(
        "first start", metadata: ["count": .stringConvertible(documents.count), "reason": .string(documents.words)])
    }
  }

  private func report(_ readiness: Readiness) {
    var fields: Logger.Metadata = [
      "schedules": .stringConvertible(readiness.schedules), "rejected": .stringConvertible(readiness.rejected),
      "store": .string("\(configuration.store)"), "broker": .string("\(configuration.broker)"),
      "prefix": .string(place), "events": .string(readiness.changeDetection.rawValue),
      "delivery": .string(readiness.delivery.rawValue),
    ]
    if configuration.transportOptions.keys != .standard {
      fields["transport_options"] = .string("\(configuration.transportOptions)")
    }
    if readiness.changeDetection == .polling {
      logger.error(
        "polling",
        metadata: [
          "interval_s": .stringConvertible(configuration.pollInterval.microseconds / 1_000_000),
          "reason": .string(
            "edits cannot be heard, and are in force after that time at most; \(configuration.store.hearingAdvice)"),
        ])
    }
    switch readiness.kind {
    case .first:
      logger.info("loaded", metadata: ["schedules": .stringConvertible(readiness.schedules)])
      logger.notice("ready", metadata: fields)
    case .reconnected: logger.notice("reconnected", metadata: fields)
    case .reloaded: logger.notice("reloaded", metadata: fields)
    }
  }

  private func report(_ proof: Candidacy.Proof) {
    switch proof {
    case .able: logger.notice("able", metadata: ["reason": .string("nothing is missing any more")])
    case .limited(let reason):
      logger.warning("limited", metadata: ["reason": .string("\(reason); another daemon leads rather, if one can")])
    case .unable(let reason), .undecided(let reason):
      logger.error("unable", metadata: ["reason": .string("this daemon cannot fire: \(reason)")])
    }
  }

  private func reportUndeliverable(_ reason: String?) {
    guard let reason else {
      return logger.notice("broker back", metadata: ["broker": .string("\(configuration.broker)")])
    }
    logger.error(
      "broker lost",
      metadata: [
        "broker": .string("\(configuration.broker)"),
        "reason": .string("\(reason); this daemon stands by, and could not deliver if it had to lead"),
      ])
  }

  private func report(_ difference: DaemonDifference, of theirs: DaemonRecord) {
    logger.warning(
      "options",
      metadata: [
        "option": .string(difference.option), "ours": .string(difference.ours),
        "theirs": .string(difference.theirs), "host": .string(theirs.host),
        "pid": .stringConvertible(theirs.processID),
        "reason": .string(
          "\(difference.option) is \(difference.ours) here, and \(difference.theirs) of the daemon on \(theirs.host), "
            + "process \(theirs.processID): whichever of them leads, its own counts; give all the same"),
      ])
  }

  /// Reports, once, the workers' transport options that have no effect here, that are unknown, or that break the
  /// default queue.
  func report(_ options: TransportOptions, defaultQueue: String) {
    func names(_ names: [String]) -> Logger.MetadataValue {
      .string(names.prefix(50).joined(separator: ", ").printable)
    }
    guard configuration.broker.redis != nil else {
      let given = options.withoutEffect + options.unknown
      guard !given.isEmpty else { return }
      return logger.notice(
        "transport options",
        metadata: [
          "without_effect": names(given),
          "reason": .string("what counts for RabbitMQ is said in its URL, and by --broker-ca and the like"),
        ])
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
}
