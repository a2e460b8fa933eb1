@testable import BeatCore

/// Sources of an import as texts, and their results.
enum ImportSample {
  static let settings = ImportSettings(documents: Sample.context, now: Sample.noon)

  static func read(
    _ text: String, form: ImportFile.Form? = nil, timezone: String? = nil
  ) throws(ImportError) -> [ImportedSchedule] {
    var settings = settings
    settings.timezone = timezone
    return try ImportFile.schedules(Array(text.utf8), form: form, settings)
  }

  /// The reason that a user is given if the file cannot be read; nil if it can.
  static func problem(_ text: String) -> String? {
    do {
      _ = try read(text)
      return nil
    } catch { return error.description }
  }
}

extension ImportedSchedule {
  var text: String { String(document) }

  /// The document as the daemon reads it; nil if the daemon refuses it.
  var read: ScheduleDocument? { try? ScheduleDocument(document, context: Sample.context) }
}
