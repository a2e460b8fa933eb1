import ArgumentParser
import BeatCore

/// The option of each kind of schedule, and how its text is read.
extension ScheduleKind {
  var option: String {
    switch self {
    case .interval: "--every"
    case .crontab: "--cron"
    case .clocked: "--at"
    }
  }

  /// All of them, for a sentence: "--every, --cron and --at".
  static var options: String {
    let options = allCases.map(\.option)
    return "\(options.dropLast().joined(separator: ", ")) and \(options.last ?? "")"
  }

  /// The schedule that an option's text means. Throws a line that names the option.
  ///
  /// - Parameter clock: of dates without an offset; nil: they stay as they are, and mean UTC.
  func written(_ text: String, by clock: ZoneRules?) throws -> WrittenSchedule {
    switch self {
    case .interval:
      guard let (count, period) = TimeSpan.parse(text) else { throw TimeSpan.problem(text, option: option) }
      return .interval(every: count, period: period)
    case .crontab:
      let fields = text.split(whereSeparator: \.isWhitespace).map(String.init)
      guard fields.count == 5 else {
        throw ValidationError(
          "\(option): \"\(Cut.argument(text))\" has \(Plural.of(fields.count, "field")); expected five, such as "
            + "'30 2 * * 1': minute, hour, day of month, month, day of week")
      }
      return .crontab(fields)
    case .clocked:
      return .clocked(try TimeArgument.date(option, text, by: clock))
    }
  }
}
