/// A schedule in words.
extension Schedule {
  /// "every 5 minutes", "crontab 30 2 * * 1 (m/h/dom/mon/dow) Europe/Berlin", "once at 2026-03-08T02:30:00Z".
  package var inWords: String {
    switch self {
    case .interval(let interval): interval.inWords
    case .crontab(let crontab): "crontab \(crontab.fieldsInWords) (m/h/dom/mon/dow) \(crontab.zone.name)"
    case .clocked(let time): "once at \(time.iso8601)"
    }
  }

  /// The fields of a line of cron, `30 2 * * 1`; nil for a kind that cron does not know.
  package var cronFields: String? {
    switch self {
    case .crontab(let crontab): crontab.fieldsInWords
    case .interval, .clocked: nil
    }
  }

  /// In a column that has a zone beside it: a crontab as its line.
  package var briefly: String { cronFields ?? inWords }
}
