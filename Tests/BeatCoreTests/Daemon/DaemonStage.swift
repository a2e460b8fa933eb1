@testable import BeatCore
@testable import BeatDriver

/// A daemon between a model of a store and a broker whose answers a test writes down.
final class DaemonStage {
  static let record = DaemonRecord(
    version: "", host: "", processID: 0, since: Sample.noon, isLeading: false, events: "", delivery: "", schedules: 0,
    rejected: 0, repaired: 0, timezone: "UTC", broker: "")

  let surroundings = VirtualSurroundings(at: UnixTime(seconds: 1_800_000_000), offset: 0, seed: 1)
  let publisher: ScriptedPublisher
  var store: ModelStore
  private(set) var events: [DaemonEvent] = []
  private(set) var hasEnded = false
  private let connector: ModelConnector
  private(set) var daemon: Daemon?
  /// Gets the daemon's events, too.
  var observe: (DaemonEvent) -> Void = { _ in }
  /// Changes the settings of the daemon that `start` makes.
  var change: (inout DaemonConfiguration) -> Void = { _ in }

  init(_ delivery: Delivery = .outbox) {
    store = ModelStore(ModelStore.Settings(delivery: delivery))
    publisher = ScriptedPublisher(surroundings, dropsRepeats: false)
    connector = ModelConnector("me", surroundings, delivery: delivery, isWhole: true)
  }

  var isLeading: Bool { events.contains { if case .leading = $0 { true } else { false } } }

  var repeats: [PossibleRepeats] {
    events.compactMap { if case .relay(.repeated(let repeats)) = $0 { repeats } else { nil } }
  }

  func start() throws {
    let scheduler = SchedulerBench.configuration()
    var configuration = DaemonConfiguration(
      scheduler: scheduler, leadership: Leadership.Configuration(instance: "me", leaseTTL: 3_000_000),
      record: Self.record
    ) { _, _ in scheduler.documents }
    change(&configuration)
    let daemon = try Daemon(
      configuration, in: surroundings, store: connector, broker: publisher,
      readers: [{ [unowned self] in events.append($0) }, { [unowned self] in observe($0) }]
    ) { [unowned self] _ in hasEnded = true }
    self.daemon = daemon
    surroundings.turn(at: surroundings.now) { daemon.start() }
  }

  func stop() {
    surroundings.turn(at: surroundings.now) { daemon?.stop() }
    run(seconds: 20)
  }

  /// The connection to the store dies.
  func cut() { surroundings.turn(at: surroundings.now) { connector.connection?.end(.lost("died")) } }

  /// Tells the daemon of what clients have done to the store, and lets it do what follows at once.
  func settle() { while step() {} }

  func run(seconds: Int64) {
    let end = surroundings.now.advanced(by: seconds * 1_000_000)
    while true {
      while step() {}
      guard let wake = surroundings.nextWake, wake <= end else { break }
      let time = max(wake, surroundings.now)
      store.expire(now: time)
      surroundings.turn(at: time) { surroundings.due(at: time)?.goOff() }
    }
    surroundings.turn(at: end) {}
  }

  private func tell() {
    guard let connection = connector.connection else { return }
    for change in store.takeChanges() where connection.isSubscribed { connection.tell(change) }
  }

  /// Lets the connection do one thing. false: there was nothing to do.
  private func step() -> Bool {
    let now = surroundings.now
    surroundings.turn(at: now) {}
    tell()
    guard let connection = connector.connection else { return false }
    if connection.isWaitingToSubscribe {
      surroundings.turn(at: now) { connection.subscribed() }
    } else if !connection.requests.isEmpty {
      let request = connection.takeRequest()
      connection.answer(store.execute(request, of: "me", now: now))
      tell()
      _ = store.takeDeeds()
    } else if !connection.events.isEmpty {
      surroundings.turn(at: now) { connection.hear() }
    } else if !connection.replies.isEmpty {
      surroundings.turn(at: now) { connection.takeReply() }
    } else {
      return false
    }
    return true
  }
}
