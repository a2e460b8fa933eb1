import ArgumentParser
import BeatCore
import ReactiveBeat

/// `beat-watch next`: shows the next runs of a document before it is saved, and of a stored schedule.
struct NextCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "next",
    abstract: "Shows when schedules are due next.",
    discussion: """
      Reads documents, one JSON object a line, or one over several lines. Only the schedule is needed, such as \
      {"crontab": {"minute": "30", "hour": "2"}, "timezone": "Europe/Berlin"}. Told is what a daemon sends that loads \
      the document now, and remembers nothing of it: all that says when it rests, begins or ends counts, and so do \
      last_run_at, total_run_count, catchup and run_immediately. What was missed and is made up for stands first.

      A name for which there is no file means a stored schedule: what a daemon sends that starts now, with all that is \
      kept of it, as in `list`. --name asks for it whatever else the name may mean: `next --name -`.

      With --after, or a field "after", which overrides it for its line, nothing counts as missed: told is what is due \
      after that time. An interval counts from last_run_at, or else from there.

      Ends with status 65 if a document could not be used, 66 if there is no such file and no such schedule.
      """)

  @Argument(help: "A file, - for standard input, or a stored schedule's name.", completion: .file())
  var source: String?

  @Option(help: "A stored schedule, also one that is called as a file is, or -.", completion: .scheduleNames)
  var name: String?

  @Option(help: "Show what is due after this time, in ISO 8601; UTC if it has no offset. (default: from now on)")
  var after: String?

  @Option(help: "How many to show, 1 to 1000.")
  var count = 5

  @Flag(help: "One JSON object a line: {\"next\": […]} in UTC, with the \"end\" if it comes; or {\"error\": …}.")
  var json = false

  @OptionGroup var store: StoreOptions

  func run() throws {
    guard (1...1000).contains(count) else { throw ValidationError("--count: \(count) is not in 1 to 1000") }
    let start = try after.map { try TimeArgument.instant("--after", $0) }
    let context = try store.documents()
    guard let source else {
      guard let name else {
        throw ValidationError(
          "name a file, - for standard input, or a stored schedule (--name NAME, whatever it is called)")
      }
      return try tellStored(name, context, after: start)
    }
    guard name == nil else { throw ValidationError("\(Cut.argument(source)) and --name exclude each other: name one") }
    guard InputFile.isMeant(by: source) else {
      return try InputFile.orSchedule(source) { try tellStored(source, context, after: start) }
    }
    let input: [UInt8]
    do { input = try InputFile.read(source) } catch { throw CommandError(.missing, "\(error)") }
    let now = SystemClock.now()
    let printer = ForecastPrinter(json: json)
    var hasFailed = false
    for (index, document) in InputFile.documents(in: input).enumerated() {
      do throws(DocumentProblem) {
        let forecast = try ScheduleForecast(Array(document), context: context, now: now, after: start)
        printer.write(forecast.preview, forecast.coming(count), in: forecast.zone, now: now)
      } catch {
        hasFailed = true
        printer.write(error, line: index + 1)
      }
    }
    printer.flush()
    if hasFailed { throw ExitCode.data }
  }

  /// Shows the next runs of a stored schedule, by Redis' clock.
  private func tellStored(_ name: String, _ given: DocumentContext, after start: UnixTime?) throws {
    let client = try store.connect()
    let document = try client.document(try ScheduleSelection([name]).name(in: client))
    let context = try store.documents(given, on: client)
    let now = try client.time()
    let preview = SchedulePreview(document.name, document.read, context: context, now: now)
    let printer = ForecastPrinter(json: json)
    if case .rejected(let reason) = preview.state {
      printer.write("\(document.name): \(reason)")
      printer.flush()
      throw ExitCode.data
    }
    let coming = preview.coming(count, after: start)
    printer.write(preview, coming, in: preview.zone ?? .utc, now: now)
    printer.flush()
    guard !coming.runs.isEmpty else { return }
    var due = DueSurvey()
    due.add(preview)
    HealthNote.write(client, due: due)
  }
}
