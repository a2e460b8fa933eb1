import Glibc
import Testing

@testable import BeatCore
@testable import BeatDriver
@testable import ReactiveBeat

/// The whole text of a daemon's metrics, in both formats. `REACTIVEBEAT_METRICS_FOLDER` names a folder into which the
/// texts are written, for `promtool check metrics` and for new golden files.
@Suite struct MetricsGoldenTests {
  private static var surroundings: VirtualSurroundings { VirtualSurroundings(at: Sample.noon, offset: 0, seed: 1) }

  static func plan(_ name: String, _ reason: FireReason = .schedule, due: UnixTime = Sample.noon) -> FirePlan {
    FirePlan(
      entry: EntryName(name), task: "t", taskID: TaskID(text: "id"), due: due, sending: due.advanced(by: 200_000),
      oldDocument: [], newDocument: [], message: [], route: .queue("q"), priority: 0,
      watermark: Watermark(due: due, taskID: nil, totalRunCount: 1), reason: reason)
  }

  private static func metrics() -> DaemonMetrics {
    let metrics = DaemonMetrics(
      DaemonMetrics.Options(schedules: 2), DaemonMetrics.Build(version: "1.2", store: "redis", broker: "rabbitmq"),
      in: surroundings)
    metrics.vitals = {
      var vitals = DaemonVitals()
      (vitals.isReady, vitals.isLeading, vitals.isConnected) = (true, true, true)
      (vitals.leaseAge, vitals.heardAge) = (512_000, 498_317)
      (vitals.storeConnectionsLost, vitals.brokerConnectionsLost, vitals.auditFailures) = (1, 2, 3)
      vitals.schedules.enabled = 10
      (vitals.schedules.disabled, vitals.schedules.finished, vitals.schedules.rejected) = (3, 2, 1)
      vitals.schedules.deferred = 4
      vitals.nextSending = Sample.noon.advanced(by: 1_500_000)
      vitals.firesInFlight = 5
      var outbox = DaemonVitals.Outbox()
      (outbox.count, outbox.age, outbox.isConnected) = (17, 2_250_000, true)
      vitals.outbox = outbox
      return vitals
    }
    metrics.process = {
      var figures = ProcessFigures()
      (figures.residentMemory, figures.processorTime) = (12_345_344, 1_230_000)
      (figures.startedAt, figures.openDescriptors, figures.mostDescriptors) = (Sample.noon, 14, 1024)
      return figures
    }
    let events: [DaemonEvent] = [
      .schedule(.loaded(EntryName("a \"b\""), next: nil, initially: true), document: nil),
      .schedule(.ready(schedules: 1, rejected: 0), document: nil), .leading(token: "1"),
      .schedule(.fired(plan("a \"b\""), at: Sample.noon.advanced(by: 203_000), confirmed: false), document: nil),
      .schedule(.fired(plan("c", .catchUp), at: Sample.noon.advanced(by: 60_200_001), confirmed: false), document: nil),
      .schedule(.fired(plan("d"), at: Sample.noon, confirmed: true), document: nil), .unfired(plan("c"), .gone),
      .manual(.fired(plan("c", .manual))), .inForce(after: 740), .missedChanges(reason: ""),
    ]
    for event in events { metrics.take(event) }
    metrics.loop.delays.count(1_200)
    return metrics
  }

  @Test(arguments: [(MetricsFormat.prometheus, "prometheus.txt"), (.openMetrics, "openmetrics.txt")])
  func theTextIsAsItWas(format: MetricsFormat, file: String) throws {
    let text = Self.metrics().text(format)
    if let folder = getenv("REACTIVEBEAT_METRICS_FOLDER") {
      Self.write(text, to: "\(String(cString: folder))/\(file)")
    }
    let golden = "\(#filePath.split(separator: "/").dropLast().map { "/" + $0 }.joined())/Golden/\(file)"
    #expect(String(decoding: text, as: UTF8.self) == String(decoding: Self.read(golden), as: UTF8.self))
    let reading = try MetricsReading(text, format)
    #expect(
      reading.families.count > 30
        && reading.families.allSatisfy { !$0.samples.isEmpty || $0.name.hasPrefix("reactivebeat_schedule_") })
  }

  /// What a daemon cannot know yet is absent, and not 0.
  @Test(arguments: MetricsFormat.allCases) func whatIsNotKnownIsAbsent(format: MetricsFormat) throws {
    let metrics = DaemonMetrics(
      DaemonMetrics.Options(), DaemonMetrics.Build(version: "1", store: "redis", broker: "redis"), in: Self.surroundings
    )
    let reading = try MetricsReading(metrics.text(format), format)
    for name in [
      "reactivebeat_lease_age_seconds", "reactivebeat_heard_age_seconds", "reactivebeat_next_due_timestamp_seconds",
      "reactivebeat_outbox_messages", "reactivebeat_outbox_age_seconds", "reactivebeat_broker_connected",
      "reactivebeat_schedules_without_metrics", "process_resident_memory_bytes",
    ] {
      #expect(!reading.families.contains { $0.name == name }, "\(name)")
    }
    #expect(reading.value("reactivebeat_ready") == 0)
  }

  @Test(arguments: MetricsFormat.allCases) func theCallerAddsFamiliesOfItsOwn(format: MetricsFormat) throws {
    let text = Self.metrics().text(format) {
      $0.begin("reactivebeat_http_connections", .gauge, "Open connections.")
      $0.sample(2)
    }
    #expect(try MetricsReading(text, format).value("reactivebeat_http_connections") == 2)
  }

  private static func read(_ path: String) -> [UInt8] {
    guard let file = fopen(path, "re") else { return [] }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = fread(&bytes, 1, bytes.count, file)
    return Array(bytes.prefix(count))
  }

  private static func write(_ bytes: [UInt8], to path: String) {
    guard let file = fopen(path, "we") else { return }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
  }
}
