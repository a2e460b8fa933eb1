import ArgumentParser
import BeatCore
import ReactiveBeat

/// `beat-watch import`: makes documents of another system's schedules.
struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Takes in schedules of other systems, documents, and exports.",
    discussion: """
      Reads one of these:

      FILE: documents (one, one a line, a list, or an object of name and document), lines of `beat-watch export`, what \
      mongoexport or a mongo shell prints of celerybeat-mongo's collection, or what `manage.py dumpdata \
      django_celery_beat` prints; - for standard input.

      --from-redis: RedBeat's schedules in a Redis.

      --from-mongo: the documents of celerybeat-mongo, or of its successor, in a MongoDB.

      --celery-app: the beat_schedule of a Celery application, which its own Python is asked for. Beside one of the \
      others: that application settles where their schedules go, by its task_routes, task_default_queue and the options \
      of its tasks, and whose clock they go by. What it says of its tasks is stored, too, as by python -m reactivebeat \
      publish: schedules that are made or edited later go by it.

      Nothing that stands there is overwritten without --replace, and with it only what import has looked at: what \
      somebody else changes in the same moment stays, and is told. Each document is written whole or not at all; after \
      an interruption the same command goes on. With --dry-run nothing is written: it shows what would come, and what \
      cannot be expressed. Last runs and counts come along. Switch the old scheduler off first: docs/moving.md.

      Ends with status 65 if some could not come, 75 if somebody else changed some meanwhile, 73 if other documents of \
      the same names, or another application's manifest, stood there, 66 for a file or a program that is not there, 69 if a server does \
      not answer, 130 or 143 (in a shell) after Ctrl-C or SIGTERM.
      """)

  private static let forms = ImportFile.Form.allCases.map(\.rawValue).joined(separator: ", ")

  @Argument(help: "A file, or - for standard input.", completion: .file())
  var file: String?

  @Option(help: "What the file holds: documents, export, mongo or django. (default: what it looks like)")
  var format: String?

  @Option(help: "URL of the Redis that holds RedBeat's schedules. [BEAT_WATCH_FROM_REDIS]")
  var fromRedis: String?

  @Option(help: "RedBeat's redbeat_key_prefix.")
  var redbeatPrefix = "redbeat:"

  @Option(
    help: """
      URL of the MongoDB that holds celerybeat-mongo's collection, with its database, else celery. [BEAT_WATCH_FROM_MONGO]
      """)
  var fromMongo: String?

  @Option(help: "The collection there. (default: schedules)")
  var fromCollection: String?

  @Option(help: "A Celery application, as for celery -A: a source, or, beside one, who settles its routes.")
  var celeryApp: String?

  @Option(help: "The Python of the Celery application.")
  var python = "python3"

  @Option(help: "The file in which celery beat keeps the last runs (its -s), with --celery-app.")
  var scheduleFile: String?

  @Flag(help: "Show what would be written, and write nothing.")
  var dryRun = false

  @Flag(help: "Overwrite documents of the same names.")
  var replace = false

  @Flag(help: "One JSON object for each schedule.")
  var json = false

  @OptionGroup var store: StoreOptions

  enum Source {
    case file(String, ImportFile.Form?)
    case redBeat(RedisURL)
    case mongo(MongoURL, MongoPlace)
    case application(CeleryApplication)
  }

  func run() throws {
    let source = try source()
    let given = try store.documents()
    let client = try store.connect()
    let context = try store.documents(given, on: client)
    defer { client.close() }
    let settings = ImportSettings(
      documents: context, timezone: Setting.optional(store.timezone, "CELERY_TIMEZONE"), now: try client.time(),
      knowsApplication: celeryApp != nil)
    let schedules = Self.checked(try settled(try read(source), settings))

    var report = ImportReport(isDryRun: dryRun, isJSON: json, now: settings.now, context: context, terms: client.terms)
    for schedule in schedules where schedule.problem != nil { report.refuse(schedule) }
    let possible = schedules.filter { $0.problem == nil }
    let isInterrupted: Bool
    var manifest: Manifest?
    var trail = EditTrail(.import)
    do {
      defer { trail.write(to: client) }
      isInterrupted = try write(possible, to: client, context, &report, &trail)
      if !isInterrupted, let application {
        report.flush()
        manifest = try publishManifest(of: application, possible, to: client)
      }
    } catch {
      report.finish()
      throw error
    }
    report.finish(isInterrupted: isInterrupted)
    if report.promises { HealthNote.write(client) }
    if isInterrupted { Interruption.follow() }
    if report.refused > 0 { throw ExitCode.data }
    if report.changed > 0 { throw ExitCode.conflict }
    if report.inTheWay > 0 || manifest == .inTheWay { throw ExitCode.exists }
  }

  /// Writes the schedules, or looks at what it would write. The result is whether it was interrupted.
  private func write(
    _ schedules: [ImportedSchedule], to client: any StoreEditor, _ context: DocumentContext,
    _ report: inout ImportReport, _ trail: inout EditTrail
  ) throws -> Bool {
    var progress = Progress(dryRun ? "looked at" : "written")
    defer { progress.end() }
    if !dryRun { Interruption.postpone() }
    for start in stride(from: 0, to: schedules.count, by: StorePage.most) {
      if Interruption.isWanted { return true }
      let page = schedules[start..<min(start + StorePage.most, schedules.count)]
      let documents = page.map { (name: $0.name, document: $0.document) }
      if dryRun {
        for (schedule, outcome) in zip(page, try client.outlook(documents, replacing: replace)) {
          report.add(schedule, outcome)
        }
      } else {
        var settled: [(index: Int, outcome: WriteOutcome)] = []
        defer {
          for (index, outcome) in settled {
            let schedule = schedules[start + index]
            report.add(schedule, outcome)
            switch outcome {
            case .created: trail.add(schedule.name, after: schedule.document)
            // What is stored may have the counts of the document that it took the place of.
            case .replaced: trail.add(schedule.name, note: "replaced")
            case .same, .differs, .wrongType, .changed: break
            }
          }
        }
        try client.write(documents, replacing: replace, context: context) { settled.append(($0, $1)) }
      }
      progress.show(start + page.count, of: schedules.count)
    }
    return false
  }

  private func source() throws -> Source {
    let isNamed = file != nil || fromRedis != nil || fromMongo != nil || celeryApp != nil
    let redis = isNamed ? fromRedis : Setting.optional(nil, "BEAT_WATCH_FROM_REDIS")
    let mongo = isNamed ? fromMongo : Setting.optional(nil, "BEAT_WATCH_FROM_MONGO")
    let count = [file, redis, mongo].count { $0 != nil }
    guard count == 1 || count == 0 && celeryApp != nil else {
      throw ValidationError(
        "give one source: a FILE (- for standard input), --from-redis URL, --from-mongo URL or --celery-app APP, which may "
          + "also stand beside one of the others")
    }
    guard fromCollection == nil || mongo != nil else {
      throw ValidationError("--from-collection belongs to --from-mongo")
    }
    guard file != nil || format == nil else { throw ValidationError("--format belongs to a FILE") }
    guard scheduleFile == nil || celeryApp != nil && count == 0 else {
      throw ValidationError("--schedule-file belongs to --celery-app as the source")
    }
    if let redis {
      let master = Setting.optional(store.masterName, "BEAT_WATCH_MASTER_NAME")
      do { return .redBeat(try RedBeatURL.parse(redis, masterName: master)) } catch {
        throw ValidationError("--from-redis: \(error)")
      }
    }
    if let mongo { return try mongoSource(mongo) }
    if file == nil, let application { return .application(application) }
    let form = try format.map { text in
      guard let form = ImportFile.Form(rawValue: text) else {
        throw ValidationError("--format \(Cut.argument(text)): expected one of \(Self.forms)")
      }
      return form
    }
    return .file(file ?? "-", form)
  }

  private var application: CeleryApplication? {
    celeryApp.map { CeleryApplication(name: $0, python: python, scheduleFile: scheduleFile) }
  }

  /// The schedules of the source. An application that is named beside the source has settled their routes and their
  /// clock.
  private func settled(
    _ read: (ImportSettings) throws -> [ImportedSchedule], _ settings: ImportSettings
  ) throws -> [ImportedSchedule] {
    let schedules = try read(settings)
    guard file != nil || fromRedis != nil || fromMongo != nil, let application else { return schedules }
    let answer = try application.routes(of: schedules, settings.documents)
    let routes: ApplicationRoutes
    do { routes = try ApplicationRoutes(answer) } catch { throw application.failure("\(error)") }
    try tellTransport(of: answer)
    var settings = settings
    settings.timezone = settings.timezone ?? routes.timezone
    return routes.applied(to: try read(settings), settings.documents)
  }

  /// Reads a source. The result makes schedules of what was read.
  private func read(_ source: Source) throws -> (ImportSettings) throws -> [ImportedSchedule] {
    switch source {
    case .file(let name, let form):
      let bytes: [UInt8]
      do { bytes = try InputFile.read(name) } catch let error as ValidationError {
        throw CommandError(.missing, error.message)
      }
      return { settings in
        do { return try ImportFile.schedules(bytes, form: form, settings) } catch {
          throw CommandError(.data, "\(name == "-" ? "standard input" : name): \(error)")
        }
      }
    case .redBeat(let url):
      let client = try RedisStoreClient(url, keys: try store.keys(), isStore: false)
      defer { client.close() }
      var progress = Progress("read")
      defer { progress.end() }
      let entries = try RedBeatStore(client, prefix: redbeatPrefix).entries { progress.show($0) }
      guard !entries.isEmpty else {
        throw CommandError(
          .missing,
          "no RedBeat schedules in \(url) under \(redbeatPrefix): give the application's redbeat_redis_url "
            + "and redbeat_key_prefix")
      }
      return { RedBeatEntry.imported(entries, $0) }
    case .mongo(let url, let place):
      let documents = try documents(of: url, place)
      return { MongoDocument.imported(documents, $0) }
    case .application(let application):
      let dump = try application.dump()
      try tellTransport(of: dump)
      return { settings in
        do { return try BeatScheduleDump.schedules(dump, settings) } catch { throw application.failure("\(error)") }
      }
    }
  }

  /// Refuses the schedules that cannot be written: those without a name, with a name that occurred before, or whose
  /// document no daemon reads.
  private static func checked(_ schedules: [ImportedSchedule]) -> [ImportedSchedule] {
    var seen: Set<EntryName> = []
    return schedules.map { schedule in
      guard schedule.problem == nil else { return schedule }
      let problem: String
      if schedule.name.bytes.isEmpty {
        problem = "has no name"
      } else if Limit.nameLength.isExceeded(by: schedule.name.bytes.count) {
        problem = "its name \(Limit.nameLength.excess(schedule.name.bytes.count))"
      } else if !seen.insert(schedule.name).inserted {
        problem = "comes a second time in the source; the first one counts"
      } else if Limit.documentLength.isExceeded(by: schedule.document.count) {
        problem = Scheduler.DocumentRead.excess(schedule.document.count, most: Limit.documentLength.most)
      } else {
        return schedule
      }
      return ImportedSchedule(name: schedule.name, problem: problem)
    }
  }
}
