import BeatCore
import ReactiveBeat

/// The state of the installation, as the page shows it.
struct SystemReport {
  let json: JSONOutput

  /// - Parameter overdue: what the index has found to be overdue.
  init(_ client: any StoreEditor, _ source: StoreSource, overdue: FiringHealth.Overdue?) throws {
    let (fleet, facts, now) = try (client.fleet(), client.facts(), client.time())
    let health = FiringHealth(fleet, overdue: overdue, lastRun: try client.newestRun(), now: now)
    let record = fleet.firing.first?.record
    func fact(_ name: String) -> String? {
      guard case .text(let text)? = facts.facts.first(where: { $0.name == name })?.value else { return nil }
      return text
    }
    // A store without a fact of this name has its version behind the product's name.
    let version = fact("version") ?? fact("product")?.split(separator: " ").last.map { String($0) }
    json = .object([
      (
        "store",
        .object([
          ("kind", .text(facts.kind)), ("name", .text(client.name)), ("version", .text(version)),
          ("reachable", .boolean(true)), ("message", .text(facts.writeObstacle)),
        ])
      ),
      (
        "broker",
        .object([("url", .text(record?.broker ?? source.broker)), ("delivery", .text(record?.delivery))])
      ),
      ("health", Self.health(health, now: now, client.terms)),
      ("daemons", .list(fleet.members.map { Self.daemon($0, fleet, client.terms) })),
      (
        "lease",
        fleet.lease.map { lease in
          .object([
            ("holder", .text(lease.instance)),
            (
              "expires_in",
              lease.remaining < 0 ? .null : .seconds(lease.remaining.multipliedReportingOverflow(by: 1000).partialValue)
            ),
          ])
        } ?? .null
      ),
      (
        "outbox",
        .object([
          ("waiting", .integer(try client.visibleOutboxLength())),
          ("set_aside", .count(try client.visibleMessagesSetAside(atMost: 0).count)),
        ])
      ),
    ])
  }

  private static func health(_ health: FiringHealth, now: UnixTime, _ terms: any StoreTerms) -> JSONOutput {
    let (status, command): (String, String?) =
      switch health.verdict {
      case .fires: ("ok", nil)
      case .hindered: ("degraded", "beat-watch doctor")
      case .stuck: ("down", "beat-watch doctor")
      case .nobody(.noDaemon), .nobody(.noReport), .nobody(.deadLeader): ("down", "beat-watch run")
      case .nobody: ("down", "beat-watch status")
      }
    let text =
      HealthWords.alarm(health, now: now, terms) ?? HealthWords.reason(health, now: now, terms)
      ?? "What is due is sent."
    return .object([("status", .text(status)), ("text", .text(text.printable)), ("command", .text(command))])
  }

  private static func daemon(_ member: Fleet.Member, _ fleet: Fleet, _ terms: any StoreTerms) -> JSONOutput {
    let record = member.record
    let isFiring = fleet.firing.contains { $0.instance == member.instance }
    var text = isFiring ? "fires" : !member.isAlive ? "is dead" : member.isLoading ? "reads the schedules" : "stands by"
    if let silence = member.silence { text += ", last heartbeat \(TimeText.span(silence)) ago" }
    if member.isOutdated { text += "; its record \(HealthWords.oldRecord(member, terms))" }
    if let unable = record?.firing?.unable { text += "; it says: \(unable)" }
    if let lack = record?.firing?.lacks { text += "; it lacks something: \(lack)" }
    return .object([
      ("instance", .text(member.instance)), ("host", .text(record?.host)),
      ("process_id", record.map { .integer(Int64($0.processID)) } ?? .null), ("version", .text(record?.version)),
      ("since", .time(record?.since)), ("is_leading", .boolean(isFiring)),
      // While a daemon loads, its counts are not known yet.
      ("schedules", member.isLoading ? .null : record.map { .count($0.schedules) } ?? .null),
      ("rejected", member.isLoading ? .null : record.map { .count($0.rejected) } ?? .null),
      ("text", .text(text.printable)),
    ])
  }
}
