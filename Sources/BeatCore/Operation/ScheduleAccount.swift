/// How a schedule's due times come about: from which time they count, what bounds them, and which are near a given
/// time.
package struct ScheduleAccount {
  /// The source of `base`, from which an interval counts and after which a crontab looks for its next match.
  package enum Origin: String, Sendable {
    /// The watermark of a run.
    case run
    /// The watermark of when the schedule was first seen or was edited.
    case seen
    /// The document's `last_run_at`.
    case document
    /// There is neither: the first daemon that sees the schedule counts from that time.
    case unseen
  }

  package let definition: ScheduleDefinition
  package let base: UnixTime
  package let origin: Origin
  /// The time from which an interval's occurrences count: `base`, or a time before `start_after`.
  private let seriesBase: UnixTime

  /// nil: the document is rejected.
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

  /// The newest due time at or before `time`, as if the schedule had always been as it is now; nil: there is none in
  /// the fifty years before.
  package func due(atOrBefore time: UnixTime) -> UnixTime? {
    let century: Int64 = 50 * 366 * 86_400_000_000
    return definition.schedule.latestDue(atOrBefore: time, after: time.advanced(by: -century), base: base(before: time))
  }

  /// The first due time after `time`.
  package func due(after time: UnixTime) -> UnixTime? {
    definition.schedule.nextDue(after: time, base: base(before: time))
  }

  /// The due times from `start` until before `end`, at most `limit` of them.
  package func dues(from start: UnixTime, to end: UnixTime, limit: Int) -> [UnixTime] {
    var dues: [UnixTime] = []
    var time = start.advanced(by: -1)
    while dues.count < limit, let due = due(after: time), due < end {
      dues.append(due)
      time = due
    }
    return dues
  }

  /// The due time that a user means by `time`: `time` itself if it is one, else the first in the same minute for a
  /// crontab, or in the same second for other schedules.
  package func due(at time: UnixTime) -> UnixTime? {
    if due(after: time.advanced(by: -1)) == time { return time }
    let unit = definition.schedule.precision
    let start = UnixTime(microseconds: time.microseconds.flooredDivision(by: unit).saturatingMultiply(by: unit))
    return dues(from: start, to: start.advanced(by: unit), limit: 1).first
  }

  /// Why a due time lies outside the schedule's life; nil: it lies within.
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

  /// When an occurrence is sent: its due time plus the jitter.
  package func sending(of due: UnixTime, as name: EntryName) -> UnixTime {
    Jitter.sending(
      of: due, name, definition.schedule, limit: definition.jitter, end: definition.expiresAt)
  }

  /// A base before `time`: an interval's series also extends into the past.
  private func base(before time: UnixTime) -> UnixTime {
    guard let spacing = definition.schedule.spacing, time <= seriesBase else { return seriesBase }
    let steps = seriesBase.microseconds(since: time) / max(1, spacing) + 2
    return seriesBase.advanced(by: -steps.saturatingMultiply(by: spacing))
  }
}
