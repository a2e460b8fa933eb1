import BeatCore
import ReactiveBeat

/// One run of `doctor` with the settings of a command: it connects by itself, so that a store that cannot be reached is a
/// finding like any other.
struct Examination {
  private let options: StoreOptions

  init(_ options: StoreOptions) { self.options = options }

  /// Reports each finding as soon as it is there.
  ///
  /// Throws: a setting is wrong.
  func run(_ report: @escaping (Finding) -> Void) throws {
    let url = try options.store()
    let (broker, queue) = try (options.broker(), options.queue())
    var given = try options.documents()
    // `doctor` examines all queues itself, once for each, so that the documents' check of queues is switched off.
    given.queueDoubt = nil
    let transport = try options.transportOptions()
    do {
      let client = try options.connect()
      let specialist = try specialist(client, broker: broker, transport, queue, report)
      let context = try options.documents(given, on: client)
      Doctor(
        client, with: specialist, context: context, defaultQueue: queue, transportOptions: transport,
        options: try options.judging(context), report: report
      ).examine()
    } catch let error as StoreError {
      let fix =
        error.kind == .denied
        ? "put the right user and password into the URL"
        : "start the server, or correct --store-url (\(StoreOptions.storeVariables.joined(separator: ", ")))"
      report(Finding(.problem, "store", error.message, fix: "\(fix); now: \(url)"))
    }
  }

  /// Examines what depends on the kind of the store.
  private func specialist(
    _ client: any StoreEditor, broker: BrokerAddress, _ transport: TransportOptions, _ queue: String,
    _ report: @escaping (Finding) -> Void
  ) throws -> any StoreDoctor {
    let findings = FindingList(report)
    let redis = client as? RedisStoreClient
    let brokerDoctor = try broker.doctor(
      keyPrefix: try options.prefix(), transportOptions: transport, defaultQueue: queue, findings: findings,
      store: redis)
    if let redis {
      return RedisDoctor(
        redis, findings: findings, broker: brokerDoctor, kombu: transport.keys, defaultQueue: queue)
    }
    guard let client = client as? MongoStoreClient else {
      throw CommandError(.unavailable, "doctor does not know this kind of store")
    }
    return MongoDoctor(client, findings: findings, broker: brokerDoctor)
  }
}
