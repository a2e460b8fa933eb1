/// How a schedule's due times come about: what they are counted from, what bounds them, and which lie around a moment.
package struct ScheduleAccount {
  /// Where the time comes from that an interval counts from, and after which a crontab is looked for.
  package enum Origin: String, Sendable {
    /// The watermark tells of a run.
    case run
    /// The watermark tells when the schedule was first seen, or was edited.
    case seen
    /// The document's `last_run_at`.
    case document
    /// Neither is there: whoever sees it first counts from then.
    case unseen
  }

  package let definition: ScheduleDefinition
  package let base: UnixTime
  package let origin: Origin
  /// What an interval's occurrences are counted from: its base, or before its `start_after`.
  private let seriesBase: UnixTime

  /// nil: the document cannot be used.
  package init?(_ preview: SchedulePreview, _ read: Scheduler.DocumentRead, context: DocumentContext) {
    guard case .document(let bytes) = read.content, let document = try? ScheduleDocument(bytes, context: context),
      let entry = preview.scheduler.entries.handle(of: preview.name).flatMap({ preview.scheduler.entries[$0] })
    else { return nil }
    definition = document.definition
    base = entry.progress.base
    seriesBase = entry.seriesBase
    if let watermark = read.watermark, watermark.due == base {
      origin = watermark.taskID == nil ? .seen : .run
    } else {
      origin = document.lastRunAt == base ? .document : .unseen
    }
  }

  /// The newest due time at or before a moment, as if the schedule had always been what it is now; nil: there is none
  /// within fifty years.
  package func due(atOrBefore time: UnixTime) -> UnixTime? {
    let century: Int64 = 50 * 366 * 86_400_000_000
    return definition.schedule.latestDue(atOrBefore: time, after: time.advanced(by: -century), base: base(before: time))
  }

  /// The first due time after a moment.
  package func due(after time: UnixTime) -> UnixTime? {
    definition.schedule.nextDue(after: time, base: base(before: time))
  }

  /// The due times in a span, its end left out; at most so many.
  package func dues(from start: UnixTime, to end: UnixTime, limit: Int) -> [UnixTime] {
    var dues: [UnixTime] = []
    var time = start.advanced(by: -1)
    while dues.count < limit, let due = due(after: time), due < end {
      dues.append(due)
      time = due
    }
    return dues
  }

  /// The due time that a person means who names a moment: in the same minute by a crontab's clock, in the same second
  /// else; the moment itself, if it is one.
  package func due(at time: UnixTime) -> UnixTime? {
    if due(after: time.advanced(by: -1)) == time { return time }
    let unit = definition.schedule.precision
    let start = UnixTime(microseconds: time.microseconds.flooredDivision(by: unit).saturatingMultiply(by: unit))
    return dues(from: start, to: start.advanced(by: unit), limit: 1).first
  }

  /// Why the schedule's life does not reach to a due time; nil: it does.
  package func bound(at due: UnixTime) -> String? {
    if let start = definition.startAfter, due < start { return "start_after is \(start.iso8601)" }
    if let end = definition.expiresAt, due >= end { return "expires_at is \(end.iso8601)" }
    if let end = definition.voidFrom, due >= end {
      return end > .earliest
        ? "expires is \(end.iso8601), and a worker would discard the message"
        : "expires leaves its messages no time, and a worker would discard them"
    }
    return nil
  }

  /// When an occurrence is sent: later by the jitter.
  package func sending(of due: UnixTime, as name: EntryName) -> UnixTime {
    Jitter.sending(
      of: due, name, definition.schedule, limit: definition.jitter, end: definition.expiresAt)
  }

  /// An interval's series goes on into the past, too.
  private func base(before time: UnixTime) -> UnixTime {
    guard let spacing = definition.schedule.spacing, time <= seriesBase else { return seriesBase }
    let steps = seriesBase.microseconds(since: time) / max(1, spacing) + 2
    return seriesBase.advanced(by: -steps.saturatingMultiply(by: spacing))
  }
}
