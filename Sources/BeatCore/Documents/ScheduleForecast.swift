/// The runs that come next by a document that is not saved yet: those of a daemon that loads it without a watermark.
/// Only the schedule itself is needed, not a whole document.
package struct ScheduleForecast {
  /// What the scheduler itself makes of the document.
  package let preview: SchedulePreview
  package let schedule: Schedule
  /// The zone whose clock a person reads the schedule by.
  package let zone: ZoneRules
  /// Only what is due after this time is asked for: the document's own `after`, else what was given.
  package let after: UnixTime?

  /// Accepted, but probably not what was meant.
  package var warnings: [String] { preview.warnings }

  /// - Parameters:
  ///   - now: when the daemon loads it. With a time after which is asked, then, or at the last run if that was later;
  ///     a `last_run_at` more than a minute after both times is not believed.
  ///   - after: unless the document has a field of this name.
  package init(
    _ bytes: [UInt8], context: DocumentContext, now: UnixTime, after: UnixTime? = nil
  ) throws(DocumentProblem) {
    let editor = try Self.completed(bytes)
    let document = try ScheduleDocument(editor.bytes, context: context)
    let layout: DocumentLayout
    do { layout = try DocumentLayout(editor.bytes) } catch { throw DocumentProblem(error, in: bytes) }
    let own = try DocumentReader(layout: layout, context: context).date("after")
    self.after = own ?? after
    let read = Scheduler.DocumentRead(.document(editor.bytes), watermark: nil)
    preview = SchedulePreview(
      EntryName(editor.text("name") ?? ""), read, context: context,
      now: Self.moment(of: document, now: now, after: self.after))
    schedule = document.definition.schedule
    zone = preview.zone ?? context.defaultZone
  }

  /// The next runs, at most `count`, and why there are not more.
  package func coming(_ count: Int) -> SchedulePreview.Coming { preview.coming(count, after: after) }

  /// The document with `name`, `task` and `enabled`, which a user who only asks for times may leave out.
  private static func completed(_ bytes: [UInt8]) throws(DocumentProblem) -> DocumentEditor {
    var editor = try DocumentEditor(bytes)
    for (field, json) in [("name", "\"schedule\""), ("task", "\"task\""), ("enabled", "true")]
    where !editor.has(field) {
      editor.set(field, to: json)
    }
    return editor
  }

  /// No daemon loads a document before the last run of which it tells, if that is to be believed.
  private static func moment(of document: ScheduleDocument, now: UnixTime, after: UnixTime?) -> UnixTime {
    guard let after else { return now }
    let latest = max(now, after).advanced(by: SchedulerConfiguration.clockTolerance)
    guard let lastRunAt = document.lastRunAt, lastRunAt <= latest else { return after }
    return max(after, lastRunAt)
  }
}
