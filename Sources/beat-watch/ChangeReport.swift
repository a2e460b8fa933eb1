import ArgumentParser
import BeatCore
import ReactiveBeat

/// What a command says of a change: what happened to the document, and when the schedule runs next.
struct ChangeReport {
  let change: ScheduleChange
  let preview: SchedulePreview
  let now: UnixTime
  let isDry: Bool
  /// What the document may contain but probably does not mean, in the words of `lint`.
  let warnings: [String]

  init(_ change: ScheduleChange, in client: any StoreEditor, context: DocumentContext, isDry: Bool = false) throws {
    self.change = change
    self.isDry = isDry
    now = change.at
    let made = change.preview(context)
    // The watermark as it stands after the edit: by it the review knows what becomes of a time that has passed.
    let watermark = made.kept.map { WatermarkState.read($0) } ?? change.before.read.watermarkState
    warnings = DocumentReview(change.after, context: context, now: change.at, stored: (change.name, watermark)).remarks
      .filter { $0.level == .warning }.map(\.content)
    // A daemon may already have seen a new schedule, and its watermark then says from when the schedule counts.
    let stored = change.isNew && !isDry ? try client.document(change.name) : nil
    if let stored, stored.watermark != nil, stored.watermark != change.before.watermark, stored.bytes == change.after {
      preview = SchedulePreview(change.name, stored.read, context: context, now: now)
    } else {
      preview = made
    }
  }

  var action: String { change.isNone ? "unchanged" : change.isNew ? "made" : "changed" }

  func json(count: Int = 5) -> JSONOutput {
    let next = preview.upcoming(count)
    return .object([
      ("name", .text("\(change.name)")), ("action", .text(action)), ("stored", .boolean(!isDry && !change.isNone)),
      ("state", .text(preview.state.word)), ("reason", .text(preview.state.reason)),
      ("schedule", .text(preview.schedule?.inWords)),
      ("next", .list(next.map { .text($0.due.iso8601) })), ("sent", .list(next.map { .text($0.sent.iso8601) })),
      ("warnings", .texts(warnings)),
    ])
  }

  /// The report's one line, as in `changed report: every 5 minutes; next 2026-03-29 01:30:00Z, in 5 min`.
  var line: String {
    let words = preview.schedule.map { ": \($0.inWords)" } ?? ""
    let next =
      preview.next.map {
        "; next \(TimeWords.short($0.sent)), \(TimeWords.distance(to: max($0.sent, now), from: now))"
      }
      ?? "; \(preview.state.word)" + (preview.state.reason.map { ": \($0.printable)" } ?? "")
    return "\(action) \(change.name)\(words)\(next)"
  }

  func write(to output: inout StandardOutput, count: Int) {
    if isDry {
      for line in change.difference { output.put(line, indent: 2) }
      output.put(line.replacing(action, with: "would be \(action):", maxReplacements: 1), indent: 2)
      let zone = preview.zone ?? .utc
      for occurrence in preview.upcoming(count) {
        output.put("  " + TimeWords.line(occurrence.sent, in: zone, now: now), indent: 4)
      }
    } else {
      output.put(line, indent: 2)
    }
    for warning in warnings { output.put(Style.yellow("  warning: \(warning)"), indent: 4) }
  }
}
