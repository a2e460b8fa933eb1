import BeatCore
import ReactiveBeat

/// Explains whether the schedule was or will be due at a time, and what happened then.
extension Explanation {
  /// Explains whether the schedule was due at `time`, or will be.
  func explain(_ time: UnixTime, _ store: any StoreInspector) throws {
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
      // A run for that time cannot have been fired earlier, so that the history is read from a minute before it.
      try store.walkHistory(since: time.advanced(by: -60_000_000)) { record in
        guard record.name == evidence.name else { return true }
        if let due, record.due == due { runs.append(record) }
        // A manual fire does not make up for a missed run.
        if record.firedAt >= due ?? time, record.reason != FireReason.manual.rawValue { following = record }
        return true
      }
    }
    judge(time, due, bound, runs, following, isPast)
    tellDocument()
    say(
      "then",
      "clocks of \(evidence.zone.name) showed \(TimeWords.date(time, in: evidence.zone))".replacing(
        "showed", with: isPast ? "showed" : "will show"))
    if due == nil, let mismatches = account.definition.schedule.mismatches(at: time) {
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
    let state = evidence.preview.state
    guard let due else {
      // An interval that begins with its start_after has no due times before it.
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
      case .enabled:
        if let end = endBefore(due) {
          return verdict("finished", "would be due then, and will have ended before: \(end)", .yellow)
        }
        return verdict("due", "will be due then", .green)
      default:
        return verdict(
          state.word, "would be due then, and is \(state.word)\(state.reason.map { ": \($0)" } ?? "")", .yellow)
      }
    }
    judgeUnsent(due, following)
  }

  /// Why no run will be left for a due time, by the run count; nil: the run will come, as far as can be computed.
  private func endBefore(_ due: UnixTime) -> String? {
    guard let definition = evidence.account?.definition, definition.maxRunCount != nil || definition.oneOff else {
      return nil
    }
    let coming = evidence.preview.coming(1_000)
    return coming.runs.last.map { $0.due < due } ?? true ? coming.end : nil
  }

  /// The verdict for a past due time for which the history has no run.
  private func judgeUnsent(_ due: UnixTime, _ following: FireRecord?) {
    guard let account = evidence.account else { return }
    let preview = evidence.preview
    if account.origin == .run, account.base == due, let id = evidence.document.watermark?.taskID {
      return verdict(
        "sent", "was due then, and was sent: task \(id) (by the watermark; the history has no word of it)", .green)
    }
    let catchup = account.definition.catchup
    let next = preview.state == .enabled ? preview.next : nil
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
    // A due time after the newest run has not run, however far back the history goes.
    if account.base < due {
      switch preview.state {
      case .enabled: break
      case .disabled:
        let heard = evidence.receipt.map { "; its last edit was heard at \(TimeWords.short($0.heard))" } ?? ""
        return verdict("disabled", "was not sent: it is disabled\(heard)", .yellow)
      case .finished(let reason), .rejected(let reason):
        return verdict(preview.state.word, "was not sent: \(reason)", .yellow)
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
