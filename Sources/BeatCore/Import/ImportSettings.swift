/// What readers of other systems need to know besides the bytes.
package struct ImportSettings: Sendable {
  package var documents: DocumentContext
  /// The zone of the old system's crontabs, for sources that do not tell it.
  package var timezone: String?
  /// The time of the import.
  package var now: UnixTime
  /// The application's routes and its tasks' options are settled afterwards, by the application itself.
  package var knowsApplication: Bool

  package init(documents: DocumentContext, timezone: String? = nil, now: UnixTime, knowsApplication: Bool = false) {
    self.documents = documents
    self.timezone = timezone
    self.now = now
    self.knowsApplication = knowsApplication
  }
}

extension ImportedSchedule {
  /// With a note where the old scheduler would have asked the application, which no source tells of.
  ///
  /// - Parameter settings: of the import.
  func unrouted(_ settings: ImportSettings) -> ImportedSchedule {
    guard !settings.knowsApplication, problem == nil, let layout = try? DocumentLayout(document) else { return self }
    var reader = DocumentReader(layout: layout, context: settings.documents)
    guard let (_, options) = try? reader.sending(), options.queue == nil, options.exchange == nil else { return self }
    var result = self
    result.notes.append(
      "names no queue: the application's task_routes, task_default_queue and options of tasks are not known here; give "
        + "--celery-app as well, or name the queue")
    return result
  }
}
