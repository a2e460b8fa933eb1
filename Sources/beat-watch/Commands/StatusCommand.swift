import ArgumentParser
import BeatCore
import ReactiveBeat

/// `beat-watch status`: does somebody fire, and how well?
struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Shows who fires, how late, and what stands in the way.",
    discussion: """
      Serves as a health check: ends with status 0 if what is due is sent, 1 if it is not, 69 if Redis cannot be reached, \
      77 if it does not let this user in. It is not sent if no daemon leads, if the one that leads was last heard four \
      seconds ago, or if for five seconds something has been overdue, refused or undelivered, and nothing has \
      succeeded since. Of a large store five thousand schedules are looked at.

      Lateness is from the due time to the message on its queue, by Redis' clock, of the last 1000 runs; what was missed \
      and made up for, and runs by hand, do not count.
      """)

  /// Runs that the lateness is taken from, and rejected documents that are named.
  private static let (runs, named) = (1000, 5)
  /// Schedules that are looked at for what is overdue.
  private static let looked = 5000

  @Flag(help: "One JSON object.")
  var json = false

  @OptionGroup var store: StoreOptions

  private struct Survey {
    let fleet: Fleet
    let health: FiringHealth
    let due: StoreClient.DueSurvey
    let server: ServerReport
    let lateness: LatenessSummary
    let oldestRun: UnixTime?
    let rejected: (count: Int, first: [(EntryName, String)])
    let outbox: Int64
    let now: UnixTime
    let url: RedisURL

    /// Why nothing is sent, or not all; nil: all is well.
    var reason: String? {
      guard let reason = HealthWords.reason(health, now: now) else { return nil }
      return health.fires ? reason : reason + (server.info.writeObstacle.map { " (\($0))" } ?? "")
    }

    init(_ client: StoreClient, _ store: StoreOptions) throws {
      url = client.url
      fleet = try client.fleet()
      now = try client.time()
      server = try client.report()
      let records = try Self.records(client)
      lateness = LatenessSummary(of: records)
      oldestRun = records.last?.firedAt
      due = try client.survey(
        store.documents(of: fleet.firing.first?.record, on: client), now: now, atMost: StatusCommand.looked)
      health = FiringHealth(fleet, overdue: due.overdue, lastRun: records.first?.firedAt, now: now)
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
    let survey = try Survey(store.connect(), store)
    var output = StandardOutput()
    if json {
      output.put(Self.object(survey).line)
    } else {
      Self.write(survey, to: &output)
    }
    output.flush()
    if !survey.health.fires { throw ExitCode.found }
  }

  // MARK: for programs

  private static func object(_ survey: Survey) -> JSONOutput {
    let firing = Set(survey.fleet.firing.map(\.instance))
    func milliseconds(_ value: Int64?) -> JSONOutput {
      value.map { .raw(Array(TimeText.milliseconds($0).utf8)) } ?? .null
    }
    func number(_ field: String) -> JSONOutput { survey.server.info.number(field).map { .integer($0) } ?? .null }
    return .object([
      ("fires", .boolean(survey.health.fires)),
      ("verdict", .text(HealthWords.code(survey.health.verdict))),
      ("because", .text(survey.reason)),
      ("last_fire", .text(survey.health.lastFire?.iso8601)),
      (
        "overdue",
        survey.due.overdue.map { overdue in
          .object([
            ("count", .integer(Int64(overdue.count))), ("first", .text("\(overdue.first)")),
            ("since", .text(overdue.since.iso8601)),
          ])
        } ?? .null
      ),
      ("schedules", count(survey).map { .integer(Int64($0.all)) } ?? .null),
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
          ("url", .text("\(survey.url)")),
          ("product", survey.server.info.isKnown ? .text(survey.server.info.product) : .null),
          ("role", .text(survey.server.info["role"])), ("used_memory", number("used_memory")),
          ("maxmemory", number("maxmemory")), ("maxmemory_policy", .text(survey.server.info["maxmemory_policy"])),
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
      ("record", .text(record.map { _ in member.isOutdated ? "old" : "current" })),
      ("last_pulse_ms", member.silence.map { .integer($0 / 1000) } ?? .null),
      ("host", .text(record?.host)), ("pid", number(record.map { Int($0.processID) })),
      ("version", .text(record?.version)), ("since", .text(record?.since.iso8601)),
      ("events", .text(record?.events)), ("delivery", .text(record?.delivery)),
      // In the middle of a load they are no numbers yet.
      ("schedules", number(member.isLoading ? nil : record?.schedules)),
      ("rejected", number(member.isLoading ? nil : record?.rejected)),
      ("repaired", number(record?.repaired)), ("timezone", .text(record?.timezone)), ("broker", .text(record?.broker)),
      ("options", .object((record?.options ?? []).map { ($0.name, .text($0.value)) })),
      ("unable", .text(record?.firing?.unable)), ("lacks", .text(record?.firing?.lacks)),
      ("last_fire", .text(record?.firing?.fired?.iso8601)),
      ("congestion", record?.firing?.congestion.map { .raw(Array($0.json.utf8)) } ?? .null),
    ])
  }

  /// All documents that stand there, and how many of them cannot be used: of a store that is too large to be looked at,
  /// what the daemon that leads says, or another one that has read them all; nil: none has.
  private static func count(_ survey: Survey) -> (all: Int, rejected: Int)? {
    guard survey.due.isPartial else { return (survey.due.count, survey.due.rejected) }
    return survey.fleet.alive.first { !$0.isLoading && !$0.isOutdated && $0.record != nil }?.record.map {
      ($0.schedules + $0.rejected, $0.rejected)
    }
  }

  private static func schedules(_ survey: Survey) -> String {
    if let count = count(survey) {
      return "\(count.all)" + (count.rejected > 0 ? ", \(count.rejected) of them rejected" : "")
    }
    let loading = survey.fleet.alive.first(where: \.isLoading).map { "the daemon on \($0.place) still reads them" }
    return "more than \(looked), not counted: \(loading ?? "no daemon has read them")"
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
      field("fires", "nobody: " + (survey.reason ?? ""), .red)
    } else if !survey.health.fires {
      field("fires", "nothing: " + (survey.reason ?? ""), .red)
    } else if firing.count > 1 {
      field("fires", "\(Plural.of(firing.count, "daemon")): --no-lease is for one that is alone", .yellow)
    }
    for member in fleet.members {
      let isFiring = firing.contains(member.instance)
      field(
        isFiring
          ? (survey.health.fires ? "fires" : "leads")
          : !member.isAlive ? "dead" : member.isLoading ? "loads" : "stands by",
        words(member, now: survey.now),
        isFiring ? (survey.health.fires ? .green : .yellow) : member.isAlive ? nil : .faint)
      if member.isOutdated { field("record", "\(HealthWords.oldRecord(member)); see `beat-watch doctor`", .yellow) }
      if member.isAlive, let unable = member.record?.firing?.unable { field("unable", "it says: \(unable)", .red) }
      if member.isAlive, let lack = member.record?.firing?.lacks { field("lacks", "it says: \(lack)", .yellow) }
    }
    if let lease = fleet.lease {
      field(
        "lease",
        lease.token
          + (lease.remaining < 0 ? ", never runs out: set by hand" : ", \(TimeText.span(lease.remaining * 1000)) left"))
    }
    if let leader = fleet.firing.first?.record {
      field("edits", hearing(leader.events) + (leader.repaired > 0 ? "; \(leader.repaired) found by audits only" : ""))
    }
    field("schedules", schedules(survey))
    if case .hindered(let hindrance) = survey.health.verdict {
      field("hindered", HealthWords.words(hindrance, now: survey.now), .yellow)
    }
    if let congestion = fleet.firing.first?.record?.firing?.congestion {
      field("behind", HealthWords.words(congestion, now: survey.now), .yellow)
    }
    if let last = survey.health.lastFire {
      field("last fire", "\(TimeWords.short(last)), \(TimeText.span(max(0, survey.now.microseconds(since: last)))) ago")
    } else if !survey.fleet.firing.isEmpty {
      field(
        "last fire",
        survey.health.isTold
          ? "none yet by this daemon, and none in the history"
          : "not known: the daemon that leads is of a version that does not tell")
    }
    if let median = survey.lateness.median, let high = survey.lateness.percentile99, let worst = survey.lateness.worst {
      field(
        "lateness",
        "p50 \(TimeText.span(median)), p99 \(TimeText.span(high)), at most \(TimeText.span(worst))"
          + " (the last \(Plural.of(survey.lateness.count, "run")))", worst > 10_000_000 ? .yellow : nil)
    } else {
      field("lateness", "not known: the history holds no run, or may not be read (+xrevrange)")
    }
    for (name, reason) in survey.rejected.first { field("rejected", "\(name): \(reason)", .red) }
    if survey.rejected.count > survey.rejected.first.count {
      field("", "and \(survey.rejected.count - survey.rejected.first.count) more: `beat-watch list --state rejected`")
    }
    if survey.outbox > 0 {
      field("outbox", "\(Plural.of(survey.outbox, "message waits", "messages wait")) for the broker", .yellow)
    }
    field("redis", words(survey.server) + ", at \(survey.url)")
  }

  private static func words(_ member: Fleet.Member, now: UnixTime) -> String {
    var text = member.record.map { "\($0.host), process \($0.processID), version \($0.version)" } ?? member.instance
    if let since = member.record?.since { text += ", since \(TimeWords.short(since))" }
    if let silence = member.silence { text += ", last pulse \(TimeText.span(silence)) ago" }
    return text
  }

  private static func hearing(_ events: String) -> String {
    switch events {
    case "keyspace": "heard at once, by keyspace notifications"
    case "tracking": "heard at once, by CLIENT TRACKING"
    case "polling": "looked for every few seconds (polling): notifications are off"
    default: events
    }
  }

  private static func words(_ report: ServerReport) -> String {
    let server = report.info
    guard server.isKnown else { return "INFO is not allowed" }
    var parts = [server.product, server.isReplica ? "a replica" : "primary"]
    if let used = server["used_memory_human"] {
      let limit = server["maxmemory"] == "0" ? "without a limit" : "of \(server["maxmemory_human"] ?? "?")"
      parts.append("\(used) \(limit)")
    }
    if let policy = server["maxmemory_policy"] { parts.append(policy) }
    if let events = report.notifications { parts.append("notify-keyspace-events \"\(events)\"") }
    return parts.joined(separator: ", ")
  }
}
