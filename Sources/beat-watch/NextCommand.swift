import ArgumentParser
import BeatCore
import ReactiveBeat

/// `beat-watch next`: what comes next, before it is saved.
struct NextCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "next",
    abstract: "Shows when schedules are due next.",
    discussion: """
      Reads documents, one JSON object a line, or one over several lines. Only the schedule is needed, such as \
      {"crontab": {"minute": "30", "hour": "2"}, "timezone": "Europe/Berlin"}; an interval counts from last_run_at, or \
      from the time after which is asked. A field "after" overrides --after for its line. Of a whole document all that \
      says when it rests or ends counts: enabled, one_off, max_run_count, expires_at and others.

      Ends with status 65 if a line could not be used, 66 if the file is not there.
      """)

  @Argument(help: "A file, or - for standard input.")
  var file: String

  @Option(help: "Show what is due after this time, in ISO 8601; UTC if it has no offset. (default: now)")
  var after: String?

  @Option(help: "How many to show, 1 to 1000.")
  var count = 5

  @Option(help: "Time zone of crontabs that name none. [CELERY_TIMEZONE; default UTC]")
  var timezone: String?

  @Flag(help: "One JSON object a line: {\"next\": […]} in UTC, with the \"end\" if it comes; or {\"error\": …}.")
  var json = false

  func run() throws {
    guard (1...1000).contains(count) else { throw ValidationError("--count: \(count) is not in 1 to 1000") }
    let start = try after.map { text in
      guard let time = UnixTime(iso8601: text) else {
        throw ValidationError("--after: \(text) is no ISO 8601 time, such as 2026-03-08T02:30:00+01:00")
      }
      return time
    }
    let zones = ZoneDirectory()
    let zone = try Setting("--timezone", timezone, "CELERY_TIMEZONE", default: "UTC").checked { try zones.zone($0) }
    let context = DocumentContext(defaultZone: zone) { name throws(ZoneError) in try zones.zone(name) }

    let input: [UInt8]
    do { input = try InputFile.read(file) } catch { throw CommandError(.missing, "\(error)") }
    let now = SystemClock.now()
    let printer = ForecastPrinter(now: now, json: json)
    var hasFailed = false
    for (index, document) in InputFile.documents(in: input).enumerated() {
      do throws(DocumentProblem) {
        let forecast = try ScheduleForecast(Array(document), context: context, now: max(now, start ?? now))
        printer.write(forecast, forecast.coming(after: forecast.after ?? start ?? now, count: count))
      } catch {
        hasFailed = true
        printer.write(error, line: index + 1)
      }
    }
    printer.flush()
    if hasFailed { throw ExitCode.data }
  }
}
