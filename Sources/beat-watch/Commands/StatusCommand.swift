import ArgumentParser
import BeatCore
import ReactiveBeat

/// `beat-watch status`: does somebody fire, and how well?
struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Shows who fires, how late, and what stands in the way.",
    discussion: """
      Serves as a health check: ends with status 0 if a daemon fires, 1 if none does, 69 if Redis cannot be reached, 77 \
      if it does not let this user in. A daemon counts as long as its heartbeat is there, ten seconds at most after its last pulse.

      Lateness is from the due time to the message on its queue, by Redis' clock, of the last 1000 runs; what was missed \
      and made up for, and runs by hand, do not count.
      """)

  /// Runs that the lateness is taken from, and rejected documents that are named.
  private static let (runs, named) = (1000, 5)

  @Flag(help: "One JSON object.")
  var json = false

  @OptionGroup var store: StoreOptions

  private struct Survey {
    let fleet: Fleet
    let server: ServerReport
    let lateness: LatenessSummary
    let oldestRun: UnixTime?
    let rejected: (count: Int, first: [(EntryName, String)])
    let outbox: Int64
    let now: UnixTime
    let url: RedisURL

    init(_ client: StoreClient) throws {
      url = client.url
      now = try client.time()
      fleet = try client.fleet()
      server = try client.report()
      let records = try Self.records(client)
      lateness = LatenessSummary(of: records)
      oldestRun = records.last?.firedAt
      rejected = try client.rejections(atMost: StatusCommand.named)
      outbox = try client.replies(to: [RedisCommand("LLEN", client.keys.outbox)])[0].integer ?? 0
    }

    /// A health check has the daemon's user, which need not read what is only written for people.
    private static func records(_ client: StoreClient) throws -> [FireRecord] {
      var records: [FireRecord] = []
      do throws(StoreError) {
        try client.walkHistory { entry in
          records.append(entry.record)
          return records.count < StatusCommand.runs
        }
      } catch {
        if error.kind != .denied { throw error }
      }
      return records
    }
  }

  func run() throws {
    let survey = try Survey(store.connect())
    var output = StandardOutput()
    if json {
      output.put(Self.object(survey).line)
    } else {
      Self.write(survey, to: &output)
    }
    output.flush()
    if survey.fleet.firing.isEmpty { throw ExitCode.found }
  }

  // MARK: for programs

  private static func object(_ survey: Survey) -> JSONOutput {
    let firing = Set(survey.fleet.firing.map(\.instance))
    func milliseconds(_ value: Int64?) -> JSONOutput {
      value.map { .raw(Array(TimeText.milliseconds($0).utf8)) } ?? .null
    }
    func number(_ field: String) -> JSONOutput { survey.server.number(field).map { .integer($0) } ?? .null }
    return .object([
      ("fires", .boolean(!firing.isEmpty)),
      ("now", .text(survey.now.iso8601)),
      (
        "daemons",
        .list(survey.fleet.members.map { member in daemon(member, isFiring: firing.contains(member.instance)) })
      ),
      (
        "lease",
        survey.fleet.lease.map { lease in
          .object([
            ("token", .text(lease.token)), ("holder", .text(lease.instance)),
            ("remaining_ms", lease.remaining < 0 ? .null : .integer(lease.remaining)),
          ])
        } ?? .null
      ),
      ("epoch", survey.fleet.epoch.map { .integer($0) } ?? .null),
      (
        "lateness_ms",
        .object([
          ("runs", .integer(Int64(survey.lateness.count))), ("p50", milliseconds(survey.lateness.median)),
          ("p99", milliseconds(survey.lateness.percentile99)), ("max", milliseconds(survey.lateness.worst)),
          ("since", .text(survey.oldestRun?.iso8601)),
        ])
      ),
      (
        "rejected",
        .object([
          ("count", .integer(Int64(survey.rejected.count))),
          (
            "first",
            .list(
              survey.rejected.first.map { .object([("name", .text("\($0.0)")), ("reason", .text($0.1))]) })
          ),
        ])
      ),
      ("outbox", .integer(survey.outbox)),
      (
        "redis",
        .object([
          ("url", .text("\(survey.url)")), ("product", survey.server.isKnown ? .text(survey.server.product) : .null),
          ("role", .text(survey.server["role"])), ("used_memory", number("used_memory")),
          ("maxmemory", number("maxmemory")), ("maxmemory_policy", .text(survey.server["maxmemory_policy"])),
          ("notify_keyspace_events", .text(survey.server.notifications)),
        ])
      ),
    ])
  }

  private static func daemon(_ member: Fleet.Member, isFiring: Bool) -> JSONOutput {
    let record = member.record
    func number(_ value: Int?) -> JSONOutput { value.map { .integer(Int64($0)) } ?? .null }
    return .object([
      ("instance", .text(member.instance)),
      ("state", .text(isFiring ? "firing" : member.isAlive ? "standing by" : "dead")),
      ("last_pulse_ms", member.silence.map { .integer($0 / 1000) } ?? .null),
      ("host", .text(record?.host)), ("pid", number(record.map { Int($0.processID) })),
      ("version", .text(record?.version)), ("since", .text(record?.since.iso8601)),
      ("events", .text(record?.events)), ("delivery", .text(record?.delivery)),
      ("schedules", number(record?.schedules)), ("rejected", number(record?.rejected)),
      ("repaired", number(record?.repaired)), ("timezone", .text(record?.timezone)), ("broker", .text(record?.broker)),
    ])
  }

  // MARK: for people

  private static func write(_ survey: Survey, to output: inout StandardOutput) {
    func field(_ title: String, _ text: String, _ style: Style? = nil) {
      let padded = title + String(repeating: " ", count: max(1, 11 - title.count))
      output.put(Style.faint(padded) + (style?(text.printable) ?? text.printable), indent: 11)
    }
    let fleet = survey.fleet
    let firing = Set(fleet.firing.map(\.instance))
    if firing.isEmpty {
      field("fires", "nobody: " + whyNobody(fleet), .red)
    } else if firing.count > 1 {
      field("fires", "\(firing.count) daemons: --no-lease is for one that is alone", .yellow)
    }
    for member in fleet.members {
      let isFiring = firing.contains(member.instance)
      field(
        isFiring ? "fires" : member.isAlive ? "stands by" : "dead", words(member, now: survey.now),
        isFiring ? .green : member.isAlive ? nil : .faint)
    }
    if let lease = fleet.lease {
      field(
        "lease",
        lease.token
          + (lease.remaining < 0 ? ", never runs out: set by hand" : ", \(TimeText.span(lease.remaining * 1000)) left"))
    }
    if let leader = fleet.firing.first?.record {
      field("edits", hearing(leader.events) + (leader.repaired > 0 ? "; \(leader.repaired) found by audits only" : ""))
      field("schedules", "\(leader.schedules)" + (leader.rejected > 0 ? ", and \(leader.rejected) rejected" : ""))
    }
    if let median = survey.lateness.median, let high = survey.lateness.percentile99, let worst = survey.lateness.worst {
      field(
        "lateness",
        "p50 \(TimeText.span(median)), p99 \(TimeText.span(high)), at most \(TimeText.span(worst))"
          + " (the last \(survey.lateness.count) runs)", worst > 10_000_000 ? .yellow : nil)
    } else {
      field("lateness", "not known: the history holds no run, or may not be read (+xrevrange)")
    }
    for (name, reason) in survey.rejected.first { field("rejected", "\(name): \(reason)", .red) }
    if survey.rejected.count > survey.rejected.first.count {
      field("", "and \(survey.rejected.count - survey.rejected.first.count) more: `beat-watch list --state rejected`")
    }
    if survey.outbox > 0 { field("outbox", "\(survey.outbox) messages wait for the broker", .yellow) }
    field("redis", words(survey.server) + ", at \(survey.url)")
  }

  private static func words(_ member: Fleet.Member, now: UnixTime) -> String {
    var text = member.record.map { "\($0.host), process \($0.processID), version \($0.version)" } ?? member.instance
    if let since = member.record?.since { text += ", since \(TimeWords.short(since))" }
    if let silence = member.silence { text += ", last pulse \(TimeText.span(silence)) ago" }
    return text
  }

  static func whyNobody(_ fleet: Fleet) -> String {
    if fleet.alive.isEmpty {
      // One that never runs out was set by hand; the next daemon takes it.
      if let lease = fleet.lease, lease.remaining >= 0 {
        return "the daemon that leads is dead, and no other runs (its lease: \(lease.token)). Start `beat-watch`"
      }
      return "no daemon runs. Start `beat-watch`"
    }
    guard let lease = fleet.lease else {
      return "\(fleet.alive.count) daemons run, and none has the lease yet: see their logs if it stays so"
    }
    return lease.remaining < 0
      ? "the lease was set by hand"
      : "the lease is held by a dead daemon for \(TimeText.span(lease.remaining * 1000)) more; then another one leads"
  }

  private static func hearing(_ events: String) -> String {
    switch events {
    case "keyspace": "heard at once, by keyspace notifications"
    case "tracking": "heard at once, by CLIENT TRACKING"
    case "polling": "looked for every few seconds (polling): notifications are off"
    default: events
    }
  }

  private static func words(_ server: ServerReport) -> String {
    guard server.isKnown else { return "INFO is not allowed" }
    var parts = [server.product, server.isReplica ? "a replica" : "primary"]
    if let used = server["used_memory_human"] {
      let limit = server["maxmemory"] == "0" ? "without a limit" : "of \(server["maxmemory_human"] ?? "?")"
      parts.append("\(used) \(limit)")
    }
    if let policy = server["maxmemory_policy"] { parts.append(policy) }
    if let events = server.notifications { parts.append("notify-keyspace-events \"\(events)\"") }
    return parts.joined(separator: ", ")
  }
}
