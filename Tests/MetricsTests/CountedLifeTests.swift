import Testing

@testable import BeatCore
@testable import BeatDriver
@testable import ReactiveBeat

/// What a daemon's metrics say beside what has happened, on virtual time.
@Suite("Metrics say what happened") struct CountedLifeTests {
  private let stage: DaemonStage
  private let metrics: DaemonMetrics
  private let a = EntryName("a")
  private let b = EntryName("b")

  init() throws {
    stage = DaemonStage()
    metrics = DaemonMetrics(
      DaemonMetrics.Options(schedules: 10), DaemonMetrics.Build(version: "1", store: "redis", broker: "redis"),
      in: stage.surroundings)
    stage.change = { $0.timesEdits = true }
    stage.observe = { [metrics] in metrics.take($0) }
  }

  private func start() throws {
    try stage.start()
    metrics.vitals = { [unowned stage] in stage.daemon?.vitals ?? DaemonVitals() }
    stage.run(seconds: 5)
  }

  private func set(_ name: EntryName, _ document: String) {
    stage.store.set(name, Array(document.utf8))
    stage.settle()
  }

  private func reading() throws -> MetricsReading {
    _ = try MetricsReading(metrics.text(.openMetrics), .openMetrics)
    return try MetricsReading(metrics.text(.prometheus), .prometheus)
  }

  private static func fired(_ outcome: String = "fired") -> [String: String] {
    ["reason": "schedule", "outcome": outcome]
  }

  @Test func firesEditsAndMessagesOfAnOrdinaryDay() throws {
    stage.store.set(a, Array(Sample.document().utf8))
    try start()
    #expect(try reading().value("reactivebeat_edits_total", ["result": "loaded"]) == 0, "the first load is no edit")
    stage.run(seconds: 100)
    set(b, Sample.document(#""enabled": false"#))
    set(a, Sample.document(#""args": [1]"#))
    set(EntryName("c"), "{")
    stage.store.delete(EntryName("c"))
    stage.settle()
    let reading = try reading()
    let fires = stage.publisher.arrived.count
    #expect(fires == 10)
    #expect(reading.value("reactivebeat_fires_total", Self.fired()) == 10)
    #expect(reading.value("reactivebeat_schedule_fires_total", ["schedule": "a"]) == 10)
    #expect(reading.value("reactivebeat_messages_relayed_total") == 10)
    #expect(reading.value("reactivebeat_fire_lateness_seconds_count", ["reason": "schedule"]) == 10)
    for (result, count) in [("loaded", 1), ("changed", 1), ("rejected", 1), ("removed", 1)] as [(String, Double)] {
      #expect(reading.value("reactivebeat_edits_total", ["result": result]) == count, "\(result)")
    }
    #expect(reading.value("reactivebeat_edit_to_effect_seconds_count") == 4)
    #expect(reading.value("reactivebeat_schedules", ["state": "enabled"]) == 1)
    #expect(reading.value("reactivebeat_schedules", ["state": "disabled"]) == 1)
    #expect(reading.value("reactivebeat_schedules", ["state": "rejected"]) == 0)
    #expect(reading.value("reactivebeat_ready") == 1 && reading.value("reactivebeat_leading") == 1)
    #expect(reading.value("reactivebeat_leadership_changes_total") == 1)
    #expect(try #require(reading.value("reactivebeat_lease_age_seconds")) <= 1)
    #expect(try #require(reading.value("reactivebeat_heard_age_seconds")) <= 1)
    #expect(reading.value("reactivebeat_broker_connected") == 1)
    #expect(reading.value("reactivebeat_outbox_messages") == 0 && reading.value("reactivebeat_outbox_age_seconds") == 0)
    let next = try #require(reading.value("reactivebeat_next_due_timestamp_seconds"))
    #expect(
      next > Double(stage.surroundings.now.microseconds) / 1e6
        && next < Double(stage.surroundings.now.microseconds) / 1e6 + 10.1)
  }

  /// An own run's event is no edit, and neither is one after which the document says the same, or what is found by reading
  /// all again.
  @Test func onlyEditsAreTimed() throws {
    stage.store.set(a, Array(Sample.document().utf8))
    try start()
    stage.run(seconds: 50)
    stage.store.changed(.document(a))
    stage.settle()
    #expect(metrics.counts.editToEffect.count == 0)
    stage.cut()
    stage.store.set(a, Array(Sample.document(#""args": [1]"#).utf8))
    stage.run(seconds: 20)
    #expect(metrics.counts.edits.changed == 1 && metrics.counts.editToEffect.count == 0)
  }

  @Test func theOutboxOfABrokerThatIsGoneGrowsOlder() throws {
    stage.store.set(a, Array(Sample.document().utf8))
    try start()
    stage.surroundings.turn(at: stage.surroundings.now) { stage.publisher.blocking = "out of memory" }
    stage.run(seconds: 60)
    var reading = try reading()
    #expect(reading.value("reactivebeat_outbox_messages") == Double(stage.store.contents.outbox.count))
    #expect(stage.store.contents.outbox.count == 6)
    let age = try #require(reading.value("reactivebeat_outbox_age_seconds"))
    #expect(age > 50 && age <= 60)
    #expect(reading.value("reactivebeat_broker_connected") == 0)
    #expect(reading.value("reactivebeat_ready") == 1, "messages can still be put in the outbox")
    stage.surroundings.turn(at: stage.surroundings.now) { stage.publisher.blocking = nil }
    stage.run(seconds: 5)
    reading = try self.reading()
    #expect(reading.value("reactivebeat_outbox_messages") == 0 && reading.value("reactivebeat_outbox_age_seconds") == 0)
    #expect(reading.value("reactivebeat_messages_relayed_total") == Double(stage.publisher.arrived.count))
  }

  @Test func aLostConnectionIsCounted() throws {
    stage.store.set(a, Array(Sample.document().utf8))
    try start()
    stage.cut()
    var reading = try reading()
    #expect(reading.value("reactivebeat_store_connected") == 0 && reading.value("reactivebeat_ready") == 0)
    #expect(reading.value("reactivebeat_leading") == 0 && reading.value("reactivebeat_lease_age_seconds") == nil)
    stage.run(seconds: 10)
    reading = try self.reading()
    #expect(reading.value("reactivebeat_store_connected") == 1 && reading.value("reactivebeat_ready") == 1)
    #expect(reading.value("reactivebeat_store_connections_lost_total") == 1)
    #expect(reading.value("reactivebeat_leadership_changes_total") == 3)
  }

  // MARK: worlds

  private static let kept = SimulatedSchedule.intervals.filter { $0.kind == .kept }

  /// Nothing is lost in this world, so each message has its count.
  @Test(arguments: 1...3) func whereNothingIsLostEachMessageIsCounted(seed: Int) {
    let world = World(
      description: "edits", schedules: SimulatedSchedule.intervals,
      harms: [.edit, .edit, .reschedule, .spoil, .hurry, .stall, .reload], losesEvents: false, daemons: 1...1)
    let (counts, messages) = Self.run(world, seed: seed)
    #expect(messages > 100 && counts.fired == messages, "\(counts)")
  }

  /// Where answers are lost, a message may go uncounted only if its attempt counts as unknown; none counts twice.
  @Test(arguments: 1...3) func whereAnswersAreLostNoneIsCountedTwice(seed: Int) {
    let world = World(
      description: "cuts", schedules: Self.kept, harms: [.cut, .cut, .edit, .stall, .freeze, .deafen, .deleteLease],
      hasLease: true, peace: 4_000_000, daemons: 1...3)
    let (counts, messages) = Self.run(world, seed: seed)
    #expect(messages > 100 && counts.fired <= messages && counts.fired + counts.unknown >= messages, "\(counts)")
    #expect(counts.unknown > 0)
  }

  private static func run(_ world: World, seed: Int) -> ((fired: Int, unknown: Int), messages: Int) {
    let counts = DaemonCounts()
    var simulation = Simulation(world, seed: UInt64(seed)) { counts.take($0) }
    for _ in 0..<6_000 { simulation.step() }
    simulation.settle()
    for daemon in simulation.daemons { #expect(daemon.scheduler.census == daemon.scheduler.countedCensus) }
    #expect(simulation.problems == [])
    let fired = FireCounts.reasons.map { counts.fires[$0, .fired] + counts.fires[$0, .confirmed] }.reduce(0, +)
    let unknown = FireCounts.reasons.map { counts.fires[$0, .unknown] }.reduce(0, +)
    return ((fired, unknown), simulation.messages)
  }
}
