import BeatCore
import ReactiveBeat

/// The calls that only read.
extension StoreAPI {
  /// The most coming runs that are shown.
  private static let mostUpcoming = 20

  func detail(_ name: EntryName, _ call: APICall) throws -> APIAnswer {
    _ = try APIParameters(call, known: [])
    let document = try existing(name)
    let now = try client.time()
    let preview = SchedulePreview(name, document.read, context: context, now: now)
    var row = ScheduleRow(document, preview, context: context)
    if let last = row.lastRun, let late = try lateness(of: name, due: last.due) { row.lastRun?.late = late }
    let bytes = document.bytes
    let isText = bytes.map { String(validating: $0, as: UTF8.self) != nil } ?? false
    let review = bytes.map {
      DocumentReview($0, context: context, now: now, stored: (name, document.read.watermarkState)).remarks
    }
    let unread = DocumentReview.Remark(.error, preview.state.reason ?? "there is no document")
    let remarks = (review ?? [unread]).map { JSONOutput.object(Self.json($0)) }
    let definition = bytes.flatMap { StrictJSON.oneLine($0) }.map { JSONOutput.raw($0) }
    let members: [(String, JSONOutput)] = [
      ("row", row.json(now: now)), ("words", .text(Self.words(preview))),
      ("document", .text(bytes.map { String(decoding: $0, as: UTF8.self) } ?? "")),
      ("digest", .text(bytes.map { "\(Self.stamp($0))" } ?? "")), ("is_text", .boolean(isText)),
      ("remarks", .list(remarks)),
      ("upcoming", Self.json(preview.upcoming(Self.mostUpcoming), in: preview.zone ?? .utc)),
      ("receipt", try receipt(of: document)), ("definition", definition ?? .null),
    ]
    return APIAnswer(.object(members))
  }

  /// How late a run was, as far as the newest runs tell it.
  private func lateness(of name: EntryName, due: UnixTime) throws -> Int64? {
    var late: Int64?
    var looked = 0
    do throws(StoreError) {
      try client.walkHistory(since: due.advanced(by: -1_000)) { run in
        looked += 1
        if run.name == name, run.due.microseconds(since: due).magnitude < 1_000 { late = run.late }
        return late == nil && looked < 500
      }
    } catch {
      // A user may lack the right to read the history.
      if error.kind == .unreachable { throw error }
    }
    return late
  }

  private static func words(_ preview: SchedulePreview) -> String {
    let schedule = preview.schedule?.inWords
    switch preview.state {
    case .enabled: return schedule ?? ""
    case .disabled: return "\(schedule ?? "no schedule"); it is disabled"
    case .finished(let reason): return "\(schedule ?? "no schedule"); it has finished: \(reason)"
    case .rejected(let reason): return "set aside: \(reason)".printable
    }
  }

  private func receipt(of document: StoredDocument) throws -> JSONOutput {
    let receipt: EditReceipt?
    do throws(StoreError) { receipt = try client.receipt(of: document.name) } catch {
      guard error.kind == .wrongType || error.kind == .denied else { throw error }
      return .null
    }
    guard let receipt else { return .null }
    // A daemon has written into a document that has run since, so its bytes tell nothing about an edit.
    let hasRunSince = document.watermark.map { $0.taskID != nil && $0.due > receipt.heard } ?? false
    let isSame =
      receipt.sha1 != nil && receipt.sha1 == document.bytes.map { DocumentIdentity.bytes($0).hex(SHA1.digest) }
    let isCurrent = isSame || hasRunSince
    return .object(
      Self.members(receipt) + [("warnings", .texts(receipt.warnings)), ("is_current", .boolean(isCurrent))])
  }

  static func members(_ receipt: EditReceipt) -> [(String, JSONOutput)] {
    let (state, reason, next): (String, String?, UnixTime?) =
      switch receipt.verdict {
      case .accepted(let next): ("accepted", nil, next)
      case .rejected(let reason): ("rejected", reason, nil)
      }
    return [
      ("state", .text(state)), ("heard", .time(receipt.heard)), ("reason", .text(reason)), ("next", .time(next)),
    ]
  }

  func explanation(_ name: EntryName, _ call: APICall) throws -> APIAnswer {
    _ = try APIParameters(call, known: [])
    _ = try existing(name)
    let explanation = Explanation(try source.evidence(name, client, context))
    explanation.explain()
    // A fact without a title goes on with the one before.
    var facts: [(title: String, text: String, isAlarm: Bool)] = []
    for fact in explanation.facts {
      let isAlarm = fact.style == .red || fact.style == .yellow
      if fact.title.isEmpty, !facts.isEmpty {
        facts[facts.count - 1].text += "; \(fact.text)"
        facts[facts.count - 1].isAlarm = facts[facts.count - 1].isAlarm || isAlarm
      } else {
        facts.append((fact.title, fact.text, isAlarm))
      }
    }
    return APIAnswer(
      .object([
        ("headline", .text("\(name.brief()) \(explanation.headline.text)")),
        ("paragraphs", .texts(facts.filter(\.isAlarm).map { "\($0.title): \($0.text)" })),
        ("facts", .list(facts.map { .object([("label", .text($0.title)), ("text", .text($0.text))]) })),
      ]))
  }

  /// The most entries of the history that one call looks at, and for how long; microseconds.
  private static let mostHistory = 200_000
  private static let historyPatience: Int64 = 5_000_000

  func runs(of name: EntryName?, _ call: APICall) throws -> APIAnswer {
    let limit = try APIParameters(call, known: ["limit"]).number("limit", in: 1...500, default: 100)
    var runs: [FireRecord] = []
    var looked = 0
    let start = MonotonicTime.now()
    try client.walkHistory(since: nil) { run in
      looked += 1
      if name.map({ $0 == run.name }) ?? true { runs.append(run) }
      guard runs.count < limit, looked < Self.mostHistory else { return false }
      return looked % 500 != 0 || MonotonicTime.now().microseconds(since: start) < Self.historyPatience
    }
    return APIAnswer(.object([("runs", .list(runs.map { Self.json($0) }))]))
  }

  /// The history does not tell which daemon fired a run, nor to which queue.
  static func json(_ run: FireRecord) -> JSONOutput {
    .object([
      ("id", .text(ScheduleID.text(of: run.name))), ("name", .text("\(run.name)")), ("due", .time(run.due)),
      ("fired_at", .time(run.firedAt)), ("late", .seconds(run.late)), ("reason", .text(run.reason.printable)),
      ("task_id", .text(run.taskID.printable)), ("queue", .null), ("daemon", .null),
    ])
  }

  func doctor(_ call: APICall) throws -> APIAnswer {
    _ = try APIParameters(call, known: [])
    var findings: [Finding] = []
    do { try source.examine { findings.append($0) } } catch {
      findings.append(Finding(.problem, "settings", "\(error)"))
    }
    return APIAnswer(
      .object([
        (
          "findings",
          .list(
            findings.map { finding in
              let level =
                switch finding.level {
                case .ok: "ok"
                case .warning: "warning"
                case .problem: "error"
                }
              return .object([
                ("level", .text(level)), ("title", .text(finding.check)), ("text", .text(finding.text.printable)),
                ("command", .text(finding.fix?.printable)),
              ])
            })
        )
      ]))
  }
}
