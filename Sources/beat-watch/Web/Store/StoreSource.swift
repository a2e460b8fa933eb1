import BeatCore
import ReactiveBeat

/// How the threads of the web page reach the store, each by a connection of its own, and by which settings they judge.
struct StoreSource: Sendable {
  /// The store's URL without a password, and the place of the schedules in it.
  var url: String
  var place: String
  /// The zone of schedules that name none.
  var timezone: String
  var terms: any StoreTerms
  /// The broker's URL without a password, by this command's settings; nil: they name none that can be used.
  var broker: String?
  /// Connects. The loop is one of the calling thread; nil: the connection makes its own.
  var connect: @Sendable (EventLoop?) throws -> any StoreEditor
  var watch: @Sendable (any StoreEditor, EventLoop) throws -> any StoreWatch
  /// The context by which the daemon that fires reads documents.
  var context: @Sendable (any StoreEditor) throws -> DocumentContext
  /// All that is known of one schedule.
  var evidence: @Sendable (EntryName, any StoreEditor, DocumentContext) throws -> Evidence
  /// Examines the installation, as `doctor` does, and reports each finding.
  var examine: @Sendable (@escaping (Finding) -> Void) throws -> Void
}

extension StoreSource {
  /// Throws: a setting is wrong.
  init(_ options: StoreOptions) throws {
    let store = try options.store()
    url = "\(store)"
    place = try options.place()
    timezone = try options.documents().defaultZone.name
    terms = store.terms
    broker = (try? options.broker()).map { "\($0)" }
    connect = { try options.connect(on: $0) }
    watch = { try StoreWatches.begin($0, on: $1) }
    context = { try options.documents(of: $0.fleet().firing.first?.record, on: $0) }
    evidence = { name, client, context in
      try Evidence(
        of: name, client, context: context, defaultQueue: options.queue(), broker: options.brokerInspector(),
        options: options.judging(context))
    }
    examine = { try Examination(options).run($0) }
  }
}
