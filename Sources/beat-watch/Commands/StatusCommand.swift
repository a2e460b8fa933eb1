import ArgumentParser
import BeatCore
import ReactiveBeat

/// `beat-watch status`: whether a daemon fires, and how well.
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

  @Flag(help: "One JSON object.")
  var json = false

  @OptionGroup var store: StoreOptions

  func run() throws {
    let client = try store.connect()
    let snapshot = try DaemonSnapshot(of: client) { try store.documents(of: $0, on: client) }
    var output = StandardOutput()
    if json {
      output.put(Self.object(snapshot, client.name).line)
    } else {
      Self.write(snapshot, client.name, to: &output)
    }
    output.flush()
    if !snapshot.health.fires { throw ExitCode.found }
  }

  /// Why nothing is sent, or not everything; nil: all is well.
  private static func reason(_ snapshot: DaemonSnapshot) -> String? {
    guard let reason = HealthWords.reason(snapshot.health, now: snapshot.now, snapshot.terms) else { return nil }
    return snapshot.health.fires ? reason : reason + (snapshot.store.writeObstacle.map { " (\($0))" } ?? "")
  }

  // MARK: for programs

  /// - Parameter url: the store's URL.
  private static func object(_ snapshot: DaemonSnapshot, _ url: String) -> JSONOutput {
    let firing = Set(snapshot.fleet.firing.map(\.instance))
    func milliseconds(_ value: Int64?) -> JSONOutput {
      value.map { .raw(Array(TimeText.milliseconds($0).utf8)) } ?? .null
    }
    return .object([
      ("fires", .boolean(snapshot.health.fires)),
      ("verdict", .text(HealthWords.code(snapshot.health.verdict))),
      ("because", .text(reason(snapshot))),
      ("last_fire", .text(snapshot.health.lastFire?.iso8601)),
      (
        "overdue",
        snapshot.due.overdue.map { overdue in
          .object([
            ("count", .integer(Int64(overdue.count))), ("first", .text("\(overdue.first)")),
            ("since", .text(overdue.since.iso8601)),
          ])
        } ?? .null
      ),
      ("schedules", snapshot.schedules.map { .integer(Int64($0.all)) } ?? .null),
      ("now", .text(snapshot.now.iso8601)),
      (
        "daemons",
        .list(snapshot.fleet.members.map { member in daemon(member, isFiring: firing.contains(member.instance)) })
      ),
      (
        "lease",
        snapshot.fleet.lease.map { lease in
          .object([
            ("token", .text(lease.token)), ("holder", .text(lease.instance)),
            ("remaining_ms", lease.remaining < 0 ? .null : .integer(lease.remaining)),
          ])
        } ?? .null
      ),
      ("epoch", snapshot.fleet.epoch.map { .integer($0) } ?? .null),
      (
        "lateness_ms",
        .object([
          ("runs", .integer(Int64(snapshot.lateness.count))), ("p50", milliseconds(snapshot.lateness.median)),
          ("p99", milliseconds(snapshot.lateness.percentile99)), ("max", milliseconds(snapshot.lateness.worst)),
          ("since", .text(snapshot.oldestRun?.iso8601)),
        ])
      ),
      (
        "rejected",
        .object([
          ("count", .integer(Int64(snapshot.rejected.count))),
          (
            "first",
            .list(
              snapshot.rejected.first.map { .object([("name", .text("\($0.0)")), ("reason", .text($0.1))]) })
          ),
        ])
      ),
      ("outbox", .integer(snapshot.outbox)), ("set_aside", .integer(Int64(snapshot.setAside))),
      (snapshot.store.kind, .object([("url", .text(url))] + snapshot.store.facts.map { ($0.name, value($0.value)) })),
    ])
  }

  private static func value(_ value: StoreFacts.Value) -> JSONOutput {
    switch value {
    case .text(let text): .text(text)
    case .number(let number): number.map { .integer($0) } ?? .null
    }
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
      // While a daemon loads, its counts are not known yet.
      ("schedules", number(member.isLoading ? nil : record?.schedules)),
      ("rejected", number(member.isLoading ? nil : record?.rejected)),
      ("repaired", number(record?.repaired)), ("set_aside", number(record?.setAside)),
      ("possible_repeats", number(record?.possibleRepeats)), ("timezone", .text(record?.timezone)),
      ("broker", .text(record?.broker)),
      ("promises", .text(record.map { BrokerAddress.dropsRepeats($0.broker) ? "exactly once" : "at least once" })),
      ("options", .object((record?.options ?? []).map { ($0.name, .text($0.value)) })),
      ("application_gone", .text(record?.applicationGone)), ("unable", .text(record?.firing?.unable)),
      ("lacks", .text(record?.firing?.lacks)),
      ("last_fire", .text(record?.firing?.fired?.iso8601)),
      ("congestion", record?.firing?.congestion.map { .raw(Array($0.json.utf8)) } ?? .null),
    ])
  }

  private static func schedules(_ snapshot: DaemonSnapshot) -> String {
    if let count = snapshot.schedules {
      return "\(count.all)" + (count.rejected > 0 ? ", \(count.rejected) of them rejected" : "")
    }
    let loading = snapshot.fleet.alive.first(where: \.isLoading).map { "the daemon on \($0.place) still reads them" }
    return "more than \(DaemonSnapshot.Extent().schedules), not counted: \(loading ?? "no daemon has read them")"
  }

  // MARK: for users

  private static func write(_ snapshot: DaemonSnapshot, _ url: String, to output: inout StandardOutput) {
    func field(_ title: String, _ text: String, _ style: Style? = nil) {
      let padded = title + String(repeating: " ", count: max(1, 11 - title.count))
      output.put(Style.faint(padded) + (style?(text.printable) ?? text.printable), indent: 11)
    }
    let fleet = snapshot.fleet
    let firing = Set(fleet.firing.map(\.instance))
    if firing.isEmpty {
      field("fires", "nobody: " + (reason(snapshot) ?? ""), .red)
    } else if !snapshot.health.fires {
      var isMade = false
      if case .stuck(let hindrance) = snapshot.health.verdict { isMade = HealthWords.isMade(hindrance) }
      field("fires", (isMade ? "into the outbox only: " : "nothing: ") + (reason(snapshot) ?? ""), .red)
    } else if firing.count > 1 {
      field("fires", "\(Plural.of(firing.count, "daemon")): --no-lease is for one that is alone", .yellow)
    }
    for member in fleet.members {
      let isFiring = firing.contains(member.instance)
      field(
        isFiring
          ? (snapshot.health.fires ? "fires" : "leads")
          : !member.isAlive ? "dead" : member.isLoading ? "loads" : "stands by",
        words(member, now: snapshot.now),
        isFiring ? (snapshot.health.fires ? .green : .yellow) : member.isAlive ? nil : .faint)
      if member.isOutdated {
        field("record", "\(HealthWords.oldRecord(member, snapshot.terms)); see `beat-watch doctor`", .yellow)
      }
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
      field(
        "edits",
        changeDetection(leader.events) + (leader.repaired > 0 ? "; \(leader.repaired) found by audits only" : ""))
      field(
        "promises",
        BrokerAddress.dropsRepeats(leader.broker)
          ? "each run exactly once"
          : "each run at least once: what is on its way when the daemon, its connection or the broker dies may come twice, with "
            + "the same task id")
    }
    field("schedules", schedules(snapshot))
    if let name = fleet.firing.first?.record?.applicationGone {
      field("gone", "the manifest of \(name): \(ApplicationManifest.remedy)", .yellow)
    }
    if case .hindered(let hindrance) = snapshot.health.verdict {
      field("hindered", HealthWords.words(hindrance, now: snapshot.now), .yellow)
    }
    if let congestion = fleet.firing.first?.record?.firing?.congestion {
      field("behind", HealthWords.words(congestion, now: snapshot.now), .yellow)
    }
    if let last = snapshot.health.lastFire {
      field(
        "last fire", "\(TimeWords.short(last)), \(TimeText.span(max(0, snapshot.now.microseconds(since: last)))) ago")
    } else if !snapshot.fleet.firing.isEmpty {
      field(
        "last fire",
        snapshot.health.isTold
          ? "none yet by this daemon, and none in the history"
          : "not known: the daemon that leads is of a version that does not tell")
    }
    if let median = snapshot.lateness.median, let high = snapshot.lateness.percentile99,
      let worst = snapshot.lateness.worst
    {
      field(
        "lateness",
        "p50 \(TimeText.span(median)), p99 \(TimeText.span(high)), at most \(TimeText.span(worst))"
          + " (the last \(Plural.of(snapshot.lateness.count, "run")))", worst > 10_000_000 ? .yellow : nil)
    } else {
      field("lateness", "not known: the history holds no run, or may not be read (\(snapshot.terms.historyRight))")
    }
    for (name, reason) in snapshot.rejected.first { field("rejected", "\(name): \(reason)", .red) }
    if snapshot.rejected.count > snapshot.rejected.first.count {
      field(
        "", "and \(snapshot.rejected.count - snapshot.rejected.first.count) more: `beat-watch list --state rejected`")
    }
    if snapshot.outbox > 0 {
      field("outbox", "\(Plural.of(snapshot.outbox, "message waits", "messages wait")) for the broker", .yellow)
    }
    if snapshot.setAside > 0 {
      field(
        "set aside",
        "\(Plural.of(snapshot.setAside, "message")) that the broker will never take: see `beat-watch doctor`", .yellow)
    }
    if let repeats = fleet.firing.first?.record?.possibleRepeats, repeats > 0 {
      field(
        "repeats",
        "\(Plural.of(repeats, "message")) may have reached \(repeats == 1 ? "its queue" : "their queues") twice since "
          + "this daemon began: `possible repeats` in its log", .yellow)
    }
    field(snapshot.store.kind, "\(snapshot.store.words), at \(url)")
  }

  private static func words(_ member: Fleet.Member, now: UnixTime) -> String {
    var text = member.record.map { "\($0.host), process \($0.processID), version \($0.version)" } ?? member.instance
    if let since = member.record?.since { text += ", since \(TimeWords.short(since))" }
    if let silence = member.silence { text += ", last heartbeat \(TimeText.span(silence)) ago" }
    return text
  }

  private static func changeDetection(_ events: String) -> String {
    switch events {
    case "keyspace": "heard at once, by keyspace notifications"
    case "stream": "heard at once, by a change stream"
    case "tracking": "heard at once, by CLIENT TRACKING"
    case "polling": "looked for every few seconds (polling): none is heard"
    default: events
    }
  }
}
