import Testing

@testable import BeatCore
@testable import BeatDriver

/// A whole daemon on virtual time whose broker does not drop repeats: what it finds out about the leader before, what
/// its record says, and what it leaves behind.
@Suite struct RelayDaemonTests {
  private let stage = DaemonStage()

  private func item(_ id: String) -> OutboxItem {
    OutboxItem(taskID: TaskID(text: id), route: .queue("q"), priority: 0, message: Array(id.utf8))
  }

  private func leader(_ leads: Bool) -> DaemonRecord {
    var record = DaemonStage.record
    record.isLeading = leads
    return record
  }

  /// The record of the dead is swept as soon as another daemon leads, so it is read before.
  @Test func afterALeaderThatWasKilledWhatWaitedMayBeARepeat() throws {
    for id in ["a", "b"] { stage.store.contents.wait(item(id)) }
    stage.store.contents.records["before"] = leader(true)
    try stage.start()
    stage.run(seconds: 10)
    #expect(stage.publisher.arrived == ["a", "b"] && stage.store.contents.outbox.isEmpty)
    #expect(stage.repeats.map(\.count) == [2] && stage.repeats.first?.ofEarlierLeader == 2)
    #expect(stage.store.contents.records["before"] == nil)
    #expect(stage.store.contents.records["me"]?.possibleRepeats == 2)
  }

  @Test func afterALeaderThatEndedInOrderNothingIs() throws {
    stage.store.contents.wait(item("a"))
    stage.store.contents.records["another"] = leader(false)
    try stage.start()
    stage.run(seconds: 10)
    #expect(stage.publisher.arrived == ["a"] && stage.repeats.isEmpty)
    #expect(stage.store.contents.records["me"]?.possibleRepeats == 0)
  }

  /// Until it hears of that, the daemon that offered its lease sends what waits, too.
  @Test func afterALeaderThatOfferedItsLeaseNothingIsSentForHalfALease() throws {
    stage.store.contents.wait(item("a"))
    stage.store.offerLease(of: "another:1", until: stage.surroundings.now.advanced(by: 300_000_000))
    try stage.start()
    var seconds = 0
    while !stage.isLeading, seconds < 60 {
      stage.run(seconds: 1)
      seconds += 1
    }
    #expect(stage.isLeading && stage.publisher.arrived == [])
    stage.run(seconds: 2)
    #expect(stage.publisher.arrived == ["a"])
  }

  @Test func theRecordCountsWhatIsSetAside() throws {
    stage.store.contents.wait(item("a"))
    stage.publisher.script["a"] = [.impossible("too long a name")]
    try stage.start()
    stage.run(seconds: 10)
    #expect(stage.store.contents.setAside.map(\.reason) == ["too long a name"])
    #expect(stage.store.contents.records["me"]?.setAside == 1)
  }

  @Test func aDaemonThatEndsInOrderTakesItsRecordOut() throws {
    stage.store.contents.wait(item("a"))
    try stage.start()
    stage.run(seconds: 10)
    #expect(stage.store.contents.records["me"]?.isLeading == true)
    stage.stop()
    #expect(stage.hasEnded && stage.store.contents.records["me"] == nil && stage.store.contents.lease == nil)
  }

  /// The broker does not answer, and the stop does not wait for it for ever.
  @Test func oneThatDoesNotKnowWhatHasArrivedLeavesIt() throws {
    stage.publisher.silent = ["a"]
    stage.store.contents.wait(item("a"))
    try stage.start()
    stage.run(seconds: 10)
    stage.stop()
    #expect(stage.hasEnded && stage.store.contents.lease == nil)
    #expect(stage.store.contents.records["me"]?.isLeading == true)
  }
}

/// A daemon between a model of a store and a broker whose answers a test writes down.
final class DaemonStage {
  static let record = DaemonRecord(
    version: "", host: "", processID: 0, since: Sample.noon, isLeading: false, events: "", delivery: "", schedules: 0,
    rejected: 0, repaired: 0, timezone: "UTC", broker: "")

  let surroundings = VirtualSurroundings(at: UnixTime(seconds: 1_800_000_000), offset: 0, seed: 1)
  let publisher: ScriptedPublisher
  var store = ModelStore(ModelStore.Settings(delivery: .outbox))
  private(set) var events: [DaemonEvent] = []
  private(set) var hasEnded = false
  private let connector: ModelConnector
  private var daemon: Daemon?

  init() {
    publisher = ScriptedPublisher(surroundings, dropsRepeats: false)
    connector = ModelConnector("me", surroundings, delivery: .outbox, isWhole: true)
  }

  var isLeading: Bool { events.contains { if case .leading = $0 { true } else { false } } }

  var repeats: [PossibleRepeats] {
    events.compactMap { if case .relay(.repeated(let repeats)) = $0 { repeats } else { nil } }
  }

  func start() throws {
    let scheduler = SchedulerBench.configuration()
    let configuration = DaemonConfiguration(
      scheduler: scheduler, leadership: Leadership.Configuration(instance: "me", leaseTTL: 3_000_000),
      record: Self.record
    ) { _, _ in scheduler.documents }
    let daemon = try Daemon(
      configuration, in: surroundings, store: connector, broker: publisher,
      readers: [{ [unowned self] in events.append($0) }]
    ) { [unowned self] _ in hasEnded = true }
    self.daemon = daemon
    surroundings.turn(at: surroundings.now) { daemon.start() }
  }

  func stop() {
    surroundings.turn(at: surroundings.now) { daemon?.stop() }
    run(seconds: 20)
  }

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

  /// Lets the connection do one thing. false: there was nothing to do.
  private func step() -> Bool {
    let now = surroundings.now
    surroundings.turn(at: now) {}
    guard let connection = connector.connection else { return false }
    if connection.isWaitingToSubscribe {
      surroundings.turn(at: now) { connection.subscribed() }
    } else if !connection.requests.isEmpty {
      let request = connection.takeRequest()
      connection.answer(store.execute(request, of: "me", now: now))
      for change in store.takeChanges() where connection.isSubscribed { connection.tell(change) }
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
