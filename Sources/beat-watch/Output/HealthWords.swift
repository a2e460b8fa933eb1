import BeatCore
import Glibc

/// The words for an installation that does not fire. They are the same in every command.
enum HealthWords {
  /// One sentence, with what to do, that continues "nobody fires:" or "nothing is sent:"; nil: all is well.
  static func reason(_ health: FiringHealth, now: UnixTime, _ terms: any StoreTerms) -> String? {
    switch health.verdict {
    case .fires: nil
    case .hindered(let hindrance), .stuck(let hindrance): words(hindrance, now: now)
    case .nobody(let absence): words(absence, terms)
    }
  }

  /// The whole sentence, `nobody fires: …`, `nothing is sent: …` or `nothing is delivered: …`; nil: something is.
  static func alarm(_ health: FiringHealth, now: UnixTime, _ terms: any StoreTerms) -> String? {
    switch health.verdict {
    case .fires, .hindered: nil
    case .stuck(let hindrance): "nothing is \(isMade(hindrance) ? "delivered" : "sent"): \(words(hindrance, now: now))"
    case .nobody(let absence): "nobody fires: \(words(absence, terms))"
    }
  }

  /// Whether messages are made all the same, and wait in the outbox.
  static func isMade(_ hindrance: FiringHealth.Hindrance) -> Bool {
    switch hindrance {
    case .brokerLost, .deferral: true
    case .refused, .congested, .overdue: false
    }
  }

  /// The verdict as one word for programs.
  static func code(_ verdict: FiringHealth.Verdict) -> String {
    switch verdict {
    case .fires: "fires"
    case .hindered: "hindered"
    case .stuck: "stuck"
    case .nobody: "nobody"
    }
  }

  static func words(_ hindrance: FiringHealth.Hindrance, now: UnixTime) -> String {
    func span(_ since: UnixTime) -> String { "for \(TimeText.span(max(0, now.microseconds(since: since))))" }
    switch hindrance {
    case .refused(let obstacle):
      let count = obstacle.count.map { Plural.of($0, "schedule is", "schedules are") } ?? "schedules are"
      let first = obstacle.schedule.map { ", \($0) first" } ?? ""
      return "\(count) refused \(span(obstacle.since))\(first): \(obstacle.reason)"
    case .brokerLost(let obstacle):
      return "the broker has been away \(span(obstacle.since)): \(obstacle.reason)"
    case .deferral(let obstacle):
      return "messages have waited in the outbox \(span(obstacle.since)): \(obstacle.reason)"
    case .congested(let overdue):
      return words(overdue, now: now) + ": more is due than is sent, and `beat-watch status` says who takes what"
    case .overdue(let overdue):
      return words(overdue, now: now) + ", and the daemon that leads does not say why: see its log"
    }
  }

  private static func words(_ overdue: FiringHealth.Overdue, now: UnixTime) -> String {
    let count = overdue.count == 1 ? "\(overdue.first) is" : Plural.of(overdue.count, "schedule is", "schedules are")
    let first = overdue.count == 1 ? "" : ", \(overdue.first) first"
    return "\(count) overdue for \(TimeText.span(max(0, now.microseconds(since: overdue.since))))\(first)"
  }

  /// The words for a daemon for which more is due than it can send.
  static func words(_ congestion: Congestion, now: UnixTime) -> String {
    var text =
      if let since = congestion.since {
        "\(Plural.of(congestion.behind, "schedule does", "schedules do")) not keep the pace for "
          + "\(TimeText.span(max(0, now.microseconds(since: since))))"
      } else {
        "fires wait"
      }
    if congestion.isLimited { text += ", held back by --max-rate" }
    text += "; \(Plural.of(congestion.perMinute, "fire")) a minute"
    guard !congestion.busiest.isEmpty else { return text + ", and none takes a large part" }
    let shares = congestion.busiest.map { "\($0.schedule) \($0.perMinute) (\($0.percent) %)" }
    return text + ", of them \(shares.joined(separator: ", "))"
  }

  /// The words for the record of a daemon that is `isOutdated`.
  static func oldRecord(_ member: Fleet.Member, _ terms: any StoreTerms) -> String {
    "is old: it says that \(member.place) \(member.saysItLeads ? "leads" : "stands by"), and the lease says otherwise; that "
      + "daemon may not write it any more (\(terms.recordRight))"
  }

  private static let start = "Start `beat-watch run`, or `celery beat -S reactivebeat`"

  private static func words(_ absence: FiringHealth.Absence, _ terms: any StoreTerms) -> String {
    switch absence {
    case .noDaemon: "no daemon runs. \(start)"
    case .noReport:
      "no daemon has reported, and whether one is connected this user may not see (\(terms.connectionsRight)). \(start); "
        + "if one runs, see `disconnected` or `unable` in its log"
    case .speechless(let place):
      "a process is connected from \(place), and writes no heartbeat: it is held up, or serves another \(terms.placeOption); see "
        + "`disconnected` or `unable` in its log"
    case .deadLeader(let token, let isAlone):
      "the daemon that leads is dead, and no other \(isAlone ? "runs" : "has reported") (its lease: \(token)). "
        + start
    case .noLease(let alive):
      "\(Plural.of(alive, "daemon runs", "daemons run")), and none has the lease yet: see the log if it stays so"
    case .loading(let place):
      "the daemon on \(place) still reads the schedules, and fires when it has them all"
    case .unable(let place, let reason): "no daemon that runs is able to; \(place) says: \(reason)"
    case .outdated(let place):
      "no daemon has the lease. \(place) says that it leads, but its record is old: it may not write it any more "
        + "(\(terms.recordRight)). See `unable` in its log, and `beat-watch doctor`"
    case .foreignLease: "the lease was set by hand"
    case .deadLease(let remaining):
      "the lease is held by a dead daemon for \(TimeText.span(remaining)) more; then another one leads"
    case .silent(let place, let silence, let others):
      "\(place), which leads, has not been heard for \(TimeText.span(silence)): it is frozen, or cut off from "
        + "\(terms.product); "
        + (others > 0
          ? "another one leads when its lease has run out" : "look at it, or start another `beat-watch run`")
    }
  }
}

/// The line on stderr of commands whose words promise a run, where nothing is sent.
enum HealthNote {
  static let beginning = "beat-watch: note: "

  /// Writes the note, unless all is well or nothing can be read: a note is no reason for a command to fail.
  ///
  /// - Parameter due: which schedules the command found overdue; nil: it has not looked.
  static func write(_ store: any StoreInspector, due: DueSurvey? = nil) {
    guard let now = try? store.time(), let fleet = try? store.fleet() else { return }
    let health = FiringHealth(fleet, overdue: due?.overdue, lastRun: try? store.newestRun(), now: now)
    guard let alarm = HealthWords.alarm(health, now: now, store.terms) else { return }
    say(alarm)
  }

  /// Writes the note about a place that may be mistyped, judged by the names stored there.
  static func write(_ doubt: PlaceDoubt?) {
    if let doubt { say(doubt.words) }
  }

  /// The same for a command that has not read the names. Most prefixes need no look at them.
  static func writePrefixDoubt(_ store: any StoreInspector) {
    guard store.isDubious, let names = try? store.names() else { return }
    write(store.doubt(names))
  }

  /// Writes the note about a prefix without schedules, which may be mistyped.
  static func writeNeighbours(_ store: any StoreInspector) {
    guard let others = try? store.neighbours(), !others.isEmpty else { return }
    say(neighbours(others, store))
  }

  /// Writes the note that a command's edits stand, and that `history --edits` will not show them.
  static func writeUnrecorded(_ error: StoreError, _ terms: any StoreTerms) {
    let right = error.kind == .denied ? ", which needs \(terms.editRight)" : ""
    say("done, and not recorded for `history --edits`\(right): \(error.message)")
  }

  private static func say(_ text: String) {
    let width = isatty(STDERR_FILENO) == 1 ? TerminalSize.of(STDERR_FILENO).columns : nil
    for line in Wrapping.lines(beginning + text.printable, width: width, indent: 2) { StandardError.write(line: line) }
  }

  static func neighbours(_ others: [EntryName], _ store: any StoreInspector) -> String {
    store.terms.neighbours(others, of: "\(EntryName(store.prefix))")
  }
}
