import BeatCore
import ReactiveBeat

/// Everything that `explain` says about one schedule: facts for users, and the same as members of a JSON object.
final class Explanation {
  /// One line of the explanation. A fact without a title goes on with the one before.
  struct Fact {
    let title: String
    let text: String
    /// Red and yellow facts keep the schedule from running, or may.
    let style: Style?
  }

  let evidence: Evidence
  var members: [(String, JSONOutput)] = []
  /// What becomes of the schedule, as the rest of a sentence that begins with its name.
  private(set) var headline = Fact(title: "", text: "", style: nil)
  private(set) var facts: [Fact] = []

  init(_ evidence: Evidence) {
    self.evidence = evidence
    members.append(("name", .text("\(evidence.name)")))
  }

  /// The explanation for a terminal.
  var lines: [String] {
    let beginning = Style.bold("\(evidence.name)") + " " + (headline.style?(headline.text) ?? headline.text)
    return [beginning]
      + facts.map { fact in
        let padded = fact.title + String(repeating: " ", count: max(1, 11 - fact.title.count))
        return Style.faint(padded) + (fact.style?(fact.text) ?? fact.text)
      }
  }

  func say(_ title: String, _ text: String, _ style: Style? = nil) {
    facts.append(Fact(title: title, text: text.printable, style: style))
  }

  func verdict(_ code: String, _ text: String, _ style: Style) {
    headline = Fact(title: code, text: text.printable, style: style)
    members.append(("verdict", .text(code)))
    members.append(("because", .text(text)))
  }

  func local(_ time: UnixTime) -> String { TimeWords.line(time, in: evidence.zone, now: evidence.now) }

  // MARK: what comes

  func explain() {
    tellVerdict()
    tellSetAside()
    tellDocument()
    tellBase()
    tellLimits()
    tellNext()
    tellClockChanges()
    tellSending()
    tellDaemon()
    tellPast()
  }

  func tellVerdict() {
    let preview = evidence.preview
    switch preview.state {
    case .rejected(let reason):
      verdict("rejected", "will not run: its document is set aside: \(reason)", .red)
    case .disabled: tellDisabled()
    case .finished(let reason): verdict("finished", "will not run any more: \(reason)", .yellow)
    case .enabled:
      guard let next = preview.next else {
        return verdict(
          "finished", "will not run any more: what was left of it was missed, and its catchup skips that", .yellow)
      }
      tellProspect(next)
    }
  }

  /// Comes first, since the schedule looks well otherwise: its message was made, and no worker gets it.
  private func tellSetAside() {
    if let newest = evidence.setAside.first {
      let others = evidence.setAside.count - 1
      say(
        "set aside",
        "the message of task \(newest.taskID) to \(newest.destination)"
          + (newest.at.map { ", at \(local($0))" } ?? "") + ": \(newest.reason)"
          + (others > 0 ? "; and \(Plural.of(others, "earlier message")) of this schedule" : "")
          + ". No worker gets it; `beat-watch doctor` tells how to put it back", .red)
    }
    members.append(
      (
        "set_aside",
        .list(
          evidence.setAside.map {
            .object([
              ("task_id", .text($0.taskID)), ("destination", .text($0.destination)), ("reason", .text($0.reason)),
              ("at", .text($0.at?.iso8601)),
            ])
          })
      ))
  }

  func tellDocument() {
    let preview = evidence.preview
    let content =
      switch evidence.document.read.content {
      case .document(let bytes): Plural.of(bytes.count, "byte")
      case .tooLong(let length): Plural.of(length, "byte")
      case .unusable(let content): content.found
      case .absent: "gone by now"
      }
    say("document", "\(EntryName(evidence.place)), \(content)")
    if let schedule = preview.schedule {
      say("schedule", schedule.inWords)
      members.append(("schedule", .text(schedule.inWords)))
      members.append(("timezone", .text(preview.zone?.name)))
    }
    for warning in preview.warnings { say("warning", warning, .yellow) }
    members.append(("warnings", .texts(preview.warnings)))
    if let receipt = evidence.receipt {
      let heard = TimeWords.short(receipt.heard)
      switch receipt.verdict {
      case .accepted: say("last edit", "heard at \(heard), and accepted")
      case .rejected(let reason): say("last edit", "heard at \(heard), and rejected: \(reason)", .red)
      }
    } else if let problem = evidence.receiptProblem {
      say("last edit", "not known: \(problem)", .yellow)
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
        "from its last run, due \(date) (by the watermark; task \(evidence.document.watermark?.taskID?.description ?? "?"))"
      case .seen: "from \(date), when it was first seen, or edited (by the watermark)"
      case .document: "from the document's last_run_at, \(date)"
      case .unseen: "from the moment at which a daemon first sees it"
      }
    // A clocked time is not counted from an earlier run.
    if !account.definition.schedule.comesOnce { say("counted", text) }
    members.append(
      ("base", .object([("from", .text(account.origin.rawValue)), ("at", .text(account.base.iso8601))])))
  }

  private func tellLimits() {
    guard let definition = evidence.account?.definition else { return }
    let count = evidence.preview.totalRunCount
    if let start = definition.startAfter { say("not before", "\(local(start)) (start_after)") }
    if let end = definition.expiresAt { say("not after", "\(local(end)) (expires_at)") }
    if let end = definition.voidFrom, end > .earliest { say("not after", "\(local(end)) (expires)") }
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
    let next = evidence.preview.upcoming(3)
    for (index, occurrence) in next.enumerated() {
      var text = local(occurrence.due)
      if occurrence.sent > occurrence.due, occurrence.sent > evidence.now {
        text += "  sent \(TimeText.span(occurrence.sent.microseconds(since: occurrence.due))) later (jitter)"
      }
      if let note = OccurrenceWords.note(occurrence, now: evidence.now) { text += "  (\(note))" }
      say(index == 0 ? "due next" : "", text)
    }
    members.append(
      ("next", .list(next.map { .object([("due", .text($0.due.iso8601)), ("sent", .text($0.sent.iso8601))]) })))
  }

  /// Shows the next two days on which the zone's clocks change, if the schedule depends on a zone.
  private func tellClockChanges() {
    guard let account = evidence.account, let zone = evidence.preview.zone, evidence.preview.state == .enabled,
      account.definition.schedule.kind.followsWallClock
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
    let queues = evidence.destination?.places?.map { place in
      place.words + (place.length.map { $0 > 0 ? " (\($0) waiting)" : " (empty)" } ?? "")
    }
    let isUntold = evidence.destination.map { $0.places == nil } ?? false
    let place =
      switch plan.route {
      case .queue(let queue): queues?.first ?? queue
      case .exchange(let exchange, let key):
        "exchange \(exchange), routing key \(key)"
          + (isUntold
            ? ""
            : ": "
              + (queues.map { $0.isEmpty ? "no queue is bound, so it cannot be sent" : $0.joined(separator: ", ") }
                ?? "?"))
      }
    let isUnreachable = evidence.brokerProblem?.kind == .unreachable
    say(
      evidence.preview.state == .enabled ? "sends" : "would send",
      "\(plan.task.beginning(Limit.quotationLength.most)) to \(place) on \(evidence.broker)"
        + (isUnreachable ? ", which cannot be reached now" : ""),
      isUntold || queues?.isEmpty == false ? nil : .red)
    for line in SendingWords.lines(evidence.document, evidence.context) { say("", line) }
    if plan.priority != 0 { say("", "priority \(plan.priority): \(evidence.priorityRule)") }
    if let problem = evidence.brokerProblem, !isUnreachable {
      say("", "what waits there is not known: \(problem)", .red)
    }
    for difference in evidence.differences {
      say(
        "",
        "\(difference.option) of this command differs from the leading daemon's, which is \(difference.theirs): the daemon "
          + "goes by its own", .yellow)
    }
    if evidence.outbox > 0 {
      say("outbox", "\(Plural.of(evidence.outbox, "message waits", "messages wait")) for the broker", .yellow)
    }
    members += [
      ("task", .text(plan.task)),
      ("queues", .texts((evidence.destination?.places ?? []).map { String(decoding: $0.name, as: UTF8.self) })),
      ("waiting", .list((evidence.destination?.places ?? []).map { $0.length.map { .integer($0) } ?? .null })),
      ("differences", .texts(evidence.differences.map(\.option))),
      ("outbox", .integer(evidence.outbox)), ("sending", SendingWords.json(evidence.document, evidence.context)),
    ]
  }

  func tellDaemon() {
    // A schedule that does not run is sent by no daemon, so that the line is left out.
    let isSent = evidence.preview.state == .enabled
    guard let firing = evidence.fleet.firing.first else {
      guard isSent else { return members.append(("daemon", .null)) }
      say("sent by", "nobody: \(HealthWords.reason(evidence.health, now: evidence.now, evidence.terms) ?? "")", .red)
      return members.append(("daemon", .null))
    }
    let record = firing.record
    if isSent {
      say("sent by", record.map { "the daemon on \($0.host), process \($0.processID)" } ?? firing.instance)
    }
    // Such as the right to send to the broker: the message is made, and waits.
    if isSent, let lack = record?.firing?.lacks { say("", "it lacks something: \(lack)", .red) }
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
}
