import BeatCore
import ReactiveBeat

/// What is said about one schedule: lines for people, and the same as members of a JSON object.
final class Explanation {
  let evidence: Evidence
  private(set) var members: [(String, JSONOutput)] = []
  private(set) var lines: [String] = []

  init(_ evidence: Evidence) {
    self.evidence = evidence
    lines.append("")
    members.append(("name", .text("\(evidence.name)")))
  }

  private func say(_ title: String, _ text: String, _ style: Style? = nil) {
    let padded = title + String(repeating: " ", count: max(1, 11 - title.count))
    lines.append(Style.faint(padded) + (style?(text.printable) ?? text.printable))
  }

  func verdict(_ code: String, _ text: String, _ style: Style) {
    lines[0] = Style.bold("\(evidence.name)") + " " + style(text.printable)
    members.append(("verdict", .text(code)))
    members.append(("because", .text(text)))
  }

  private func local(_ time: UnixTime) -> String { TimeWords.line(time, in: evidence.zone, now: evidence.now) }

  // MARK: what comes

  func explain() {
    tellVerdict()
    tellDocument()
    tellBase()
    tellLimits()
    tellNext()
    tellClockChanges()
    tellSending()
    tellDaemon()
    tellPast()
  }

  private func tellVerdict() {
    let standing = evidence.standing
    switch standing.state {
    case .rejected(let reason):
      verdict("rejected", "will not run: its document is set aside: \(reason)", .red)
    case .disabled: verdict("disabled", "will not run: it is disabled (`beat-watch enable \(evidence.name)`)", .yellow)
    case .finished(let reason): verdict("finished", "will not run any more: \(reason)", .yellow)
    case .enabled:
      guard let next = standing.next else {
        return verdict(
          "finished", "will not run any more: what was left of it was missed, and its catchup skips that", .yellow)
      }
      tellProspect(next)
    }
  }

  private func tellDocument() {
    let standing = evidence.standing
    let length = evidence.document.bytes?.count ?? 0
    say("document", "\(EntryName(evidence.keys.document(evidence.name))), \(Plural.of(length, "byte"))")
    if let schedule = standing.schedule {
      say("schedule", schedule.inWords)
      members.append(("schedule", .text(schedule.inWords)))
      members.append(("timezone", .text(standing.zone?.name)))
    }
    for warning in standing.warnings { say("warning", warning, .yellow) }
    members.append(("warnings", .texts(standing.warnings)))
    if let receipt = evidence.receipt {
      let heard = TimeWords.short(receipt.heard)
      switch receipt.standing {
      case .accepted: say("last edit", "heard at \(heard), and accepted")
      case .rejected(let reason): say("last edit", "heard at \(heard), and rejected: \(reason)", .red)
      }
    } else {
      say("last edit", "no word of one: it has not changed while a daemon fired")
    }
    members.append(("edit_heard", .text(evidence.receipt?.heard.iso8601)))
  }

  private func tellBase() {
    guard let account = evidence.account else { return }
    let date = TimeWords.date(account.base, in: evidence.zone)
    let text =
      switch account.origin {
      case .run:
        "from its last run, due \(date) (by the mark; task \(evidence.document.mark?.taskID?.description ?? "?"))"
      case .seen: "from \(date), when it was first seen, or edited (by the mark)"
      case .document: "from the document's last_run_at, \(date)"
      case .unseen: "from the moment at which a daemon first sees it"
      }
    // A clocked time is counted from nothing.
    if !account.definition.schedule.isClocked { say("counted", text) }
    members.append(
      ("base", .object([("from", .text(account.origin.rawValue)), ("at", .text(account.base.iso8601))])))
  }

  private func tellLimits() {
    guard let definition = evidence.account?.definition else { return }
    let count = evidence.standing.totalRunCount
    if let start = definition.startAfter { say("not before", "\(local(start)) (start_after)") }
    if let end = definition.expiresAt { say("not after", "\(local(end)) (expires_at)") }
    if let maximum = definition.maxRunCount {
      say("runs", "\(count) of \(maximum) (max_run_count)")
    } else {
      say("runs", "\(count) so far" + (definition.oneOff ? "; one_off: once only" : ""))
    }
    if definition.jitter > 0 {
      say("jitter", "each run is sent up to \(TimeText.span(definition.jitter)) after it is due")
    }
    let window = definition.catchup.window.map { ", at most \(TimeText.span($0)) old" } ?? ""
    switch definition.catchup.policy {
    case .latest: say("if missed", "one run for the newest of the missed (catchup latest\(window))")
    case .none: say("if missed", "skipped (catchup none\(window))")
    case .all: say("if missed", "each is run, the oldest first (catchup all\(window))")
    }
    members += [
      ("total_run_count", .integer(count)), ("start_after", .text(definition.startAfter?.iso8601)),
      ("expires_at", .text(definition.expiresAt?.iso8601)),
      ("max_run_count", definition.maxRunCount.map { .integer($0) } ?? .null),
      ("jitter_ms", .integer(definition.jitter / 1000)), ("catchup", .text(definition.catchup.policy.rawValue)),
    ]
  }

  private func tellNext() {
    let next = evidence.standing.upcoming(3)
    for (index, occurrence) in next.enumerated() {
      var text = local(occurrence.due)
      if occurrence.sent > occurrence.due, occurrence.sent > evidence.now {
        text += "  sent \(TimeText.span(occurrence.sent.microseconds(since: occurrence.due))) later (jitter)"
      }
      if occurrence.sent <= evidence.now { text += "  (missed; made up for at once)" }
      say(index == 0 ? "due next" : "", text)
    }
    members.append(
      ("next", .list(next.map { .object([("due", .text($0.due.iso8601)), ("sent", .text($0.sent.iso8601))]) })))
  }

  /// The next two days on which clocks change, where that matters.
  private func tellClockChanges() {
    guard let account = evidence.account, let zone = evidence.standing.zone, evidence.standing.state == .enabled,
      case .crontab = account.definition.schedule
    else { return }
    var days: [JSONOutput] = []
    var search = evidence.now
    while days.count < 2, let change = zone.nextTransition(after: search),
      change.microseconds(since: evidence.now) < 400 * 86_400_000_000
    {
      search = change
      let step = zone.utcOffset(at: change) - zone.utcOffset(at: change.advanced(by: -1))
      guard step != 0 else { continue }
      let midnight = zone.localTime(at: change.advanced(by: -1))
      let start = change.advanced(
        by: -Int64(midnight.hour * 3600 + midnight.minute * 60 + midnight.second + 1) * 1_000_000)
      let dues = account.dues(from: start, to: start.advanced(by: 86_400_000_000 - Int64(step) * 1_000_000), limit: 200)
      let clocks = dues.map { TimeWords.date($0, in: zone).split(separator: " ")[2].prefix(5) }
      let text =
        clocks.isEmpty
        ? "no run that day"
        : clocks.count > 6 ? "\(Plural.of(clocks.count, "run")) that day" : "runs at \(clocks.joined(separator: ", "))"
      let direction = step > 0 ? "forward" : "back"
      let day = TimeWords.date(change, in: zone).prefix(14)
      say(days.isEmpty ? "clocks" : "", "put \(direction) on \(day): \(text)")
      days.append(
        .object([
          ("at", .text(change.iso8601)), ("step_s", .integer(Int64(step))), ("dues", .texts(dues.map(\.iso8601))),
        ]))
    }
    members.append(("clock_changes", .list(days)))
  }

  private func tellSending() {
    guard let plan = evidence.plan else { return }
    let queues = evidence.lists?.map { list in
      KombuKeys.standard.words(for: list.name) + (list.length.map { $0 > 0 ? " (\($0) waiting)" : " (empty)" } ?? "")
    }
    let place =
      switch plan.route {
      case .queue(let queue): queues?.first ?? queue
      case .exchange(let exchange, let key):
        "exchange \(exchange), routing key \(key): "
          + (queues.map { $0.isEmpty ? "no queue is bound, so it cannot be sent" : $0.joined(separator: ", ") } ?? "?")
      }
    say(
      "sends",
      "\(plan.task) to \(place) on \(evidence.broker)" + (queues == nil ? ", which cannot be reached now" : ""),
      queues?.isEmpty == false ? nil : .red)
    if evidence.outbox > 0 {
      say("outbox", "\(Plural.of(evidence.outbox, "message waits", "messages wait")) for the broker", .yellow)
    }
    members += [
      ("task", .text(plan.task)),
      ("queues", .texts((evidence.lists ?? []).map { String(decoding: $0.name, as: UTF8.self) })),
      ("waiting", .list((evidence.lists ?? []).map { $0.length.map { .integer($0) } ?? .null })),
      ("outbox", .integer(evidence.outbox)),
    ]
  }

  private func tellDaemon() {
    guard let firing = evidence.fleet.firing.first else {
      say("sent by", "nobody: \(HealthWords.reason(evidence.health, now: evidence.now) ?? "")", .red)
      return members.append(("daemon", .null))
    }
    let record = firing.record
    say(
      "sent by", record.map { "the daemon on \($0.host), process \($0.processID)" } ?? firing.instance,
      nil)
    members.append(("daemon", .text(firing.instance)))
  }

  private func tellPast() {
    if let run = evidence.lastRun {
      say(
        "last run",
        "\(local(run.firedAt)), \(TimeText.span(run.late)) after it was due (\(run.reason)), task \(run.taskID)")
    } else if let begin = evidence.historyBegin {
      say("last run", "none in the history, which goes back to \(TimeWords.short(begin))")
    } else {
      say("last run", "the history is empty")
    }
    members.append(("last_run", evidence.lastRun.map { HistoryCommand.object($0) } ?? .null))
  }

  // MARK: at a time

  /// Was it due then, or will it be?
  func explain(_ time: UnixTime, _ client: StoreClient) throws {
    members.append(("at", .text(time.iso8601)))
    guard let account = evidence.account else {
      tellVerdict()
      return tellDocument()
    }
    let due = account.due(at: time)
    let bound = account.bound(at: due ?? time)
    let isPast = time <= evidence.now
    var runs: [FireRecord] = []
    var following: FireRecord?
    if isPast {
      // Whatever was sent for that time was not sent before it.
      try client.walkHistory(since: time.advanced(by: -60_000_000)) { entry in
        guard entry.record.name == evidence.name else { return true }
        if let due, entry.record.due == due { runs.append(entry.record) }
        // What somebody asks for makes up for nothing.
        if entry.record.firedAt >= due ?? time, entry.record.reason != FireReason.manual.rawValue {
          following = entry.record
        }
        return true
      }
    }
    judge(time, due, bound, runs, following, isPast)
    tellDocument()
    say(
      "then",
      "clocks of \(evidence.zone.name) showed \(TimeWords.date(time, in: evidence.zone))".replacing(
        "showed", with: isPast ? "showed" : "will show"))
    if due == nil, case .crontab(let crontab) = account.definition.schedule {
      let mismatches = crontab.mismatches(at: time)
      for mismatch in mismatches {
        say(
          "no match", "\(mismatch.field) is \(mismatch.shown) then, and the schedule takes \(mismatch.taken)", .yellow)
      }
      if mismatches.isEmpty { say("no match", "this reading is shown twice that day, and it runs the first time only") }
      members.append(
        (
          "mismatches",
          .list(
            mismatches.map {
              .object([
                ("field", .text($0.field)), ("shown", .integer(Int64($0.shown))), ("taken", .text($0.taken)),
              ])
            })
        ))
    }
    let before = account.due(atOrBefore: (due ?? time).advanced(by: -1))
    let after = account.due(after: due ?? time)
    say("before", before.map(local) ?? "never")
    say("after", after.map(local) ?? "never")
    members += [
      ("due", .text(due?.iso8601)), ("before", .text(before?.iso8601)), ("after", .text(after?.iso8601)),
      ("runs", .list(runs.map { HistoryCommand.object($0) })),
    ]
    if isPast { tellHistory(time, runs, following) }
    tellDaemon()
  }

  private func judge(
    _ time: UnixTime, _ due: UnixTime?, _ bound: String?, _ runs: [FireRecord], _ following: FireRecord?, _ isPast: Bool
  ) {
    let state = evidence.standing.state
    guard let due else {
      // An interval that begins with its start_after has no series before.
      if let bound { return verdict("out of life", "\(isPast ? "was" : "is") not due then: \(bound)", .yellow) }
      return verdict("not due", "\(isPast ? "was" : "is") not due then: its schedule does not name that time", .yellow)
    }
    if let run = runs.last {
      return verdict(
        "sent", "was due then, and was sent \(TimeText.span(run.late)) later (\(run.reason)), task \(run.taskID)",
        .green)
    }
    if let bound { return verdict("out of life", "\(isPast ? "was" : "is") not due then: \(bound)", .yellow) }
    guard isPast else {
      switch state {
      case .enabled: return verdict("due", "will be due then", .green)
      default:
        return verdict(
          state.word, "would be due then, and is \(state.word)\(state.reason.map { ": \($0)" } ?? "")", .yellow)
      }
    }
    judgeUnsent(due, following)
  }

  /// Of a due time that has passed, and of which the history has no run.
  private func judgeUnsent(_ due: UnixTime, _ following: FireRecord?) {
    guard let account = evidence.account else { return }
    let standing = evidence.standing
    if account.origin == .run, account.base == due, let id = evidence.document.mark?.taskID {
      return verdict(
        "sent", "was due then, and was sent: task \(id) (by the mark; the history has no word of it)", .green)
    }
    let catchup = account.definition.catchup
    let next = standing.state == .enabled ? standing.next : nil
    if let next, next.due <= due {
      guard next.due < due || next.sent <= evidence.now else {
        return verdict(
          "waits", "was due then, and is sent \(TimeWords.distance(to: next.sent, from: evidence.now)) (jitter)", .green
        )
      }
      return verdict("waits", "was due then, and still waits to be sent", .red)
    }
    switch account.origin {
    case .seen where account.base >= due:
      return verdict(
        "not seen",
        "was not sent: the schedule, as it is now, was first seen, or edited, at \(TimeWords.short(account.base))",
        .yellow)
    case .unseen:
      return verdict("not seen", "was not sent: no daemon has seen the schedule yet", .yellow)
    default: break
    }
    // Whatever is newer than all that ran has not run, whether the history goes back so far or not.
    if account.base < due {
      switch standing.state {
      case .enabled: break
      case .disabled:
        let heard = evidence.receipt.map { "; its last edit was heard at \(TimeWords.short($0.heard))" } ?? ""
        return verdict("disabled", "was not sent: it is disabled\(heard)", .yellow)
      case .finished(let reason), .rejected(let reason):
        return verdict(standing.state.word, "was not sent: \(reason)", .yellow)
      }
      if let next, next.due <= evidence.now, catchup.policy != .all {
        return verdict(
          "missed",
          "was missed then, and the run for \(TimeWords.short(next.due)) makes up for it, and still waits to be sent",
          .red)
      }
    }
    guard account.base < due || evidence.historyBegin.map({ $0 <= due }) ?? false else {
      return verdict("not known", "was due then by today's document; the history does not go back so far", .yellow)
    }
    if let following, following.reason == FireReason.catchUp.rawValue, following.due > due, catchup.policy != .all {
      return verdict(
        "missed",
        "was missed then; the run for \(TimeWords.short(following.due)), sent at "
          + "\(TimeWords.short(following.firedAt)), made up for it (catchup)", .yellow)
    }
    let age = (following?.firedAt ?? evidence.now).microseconds(since: due)
    if catchup.policy == .none || catchup.window.map({ age > $0 }) ?? false {
      let rule =
        catchup.policy == .none ? "catchup none" : "catchup_window \(TimeText.span(catchup.window ?? 0))"
      return verdict("skipped", "was not sent then, and what was missed is skipped (\(rule))", .yellow)
    }
    verdict("not sent", "was due then by today's document, and the history shows no run for it", .red)
  }

  private func tellHistory(_ time: UnixTime, _ runs: [FireRecord], _ following: FireRecord?) {
    for run in runs {
      say("sent", "\(local(run.firedAt)), \(TimeText.span(run.late)) late (\(run.reason)), task \(run.taskID)")
    }
    if runs.isEmpty, let following {
      say(
        "then sent",
        "\(local(following.firedAt)) for \(TimeWords.short(following.due)) (\(following.reason)), "
          + "task \(following.taskID)")
    }
    let begin = evidence.historyBegin.map { "goes back to \(TimeWords.short($0))" } ?? "is empty"
    say("history", begin)
    members.append(("history_from", .text(evidence.historyBegin?.iso8601)))
  }
}
