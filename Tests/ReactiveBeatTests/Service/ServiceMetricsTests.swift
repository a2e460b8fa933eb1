import Logging
import Testing

@testable import BeatCore
@testable import BeatDriver
@testable import ReactiveBeat

/// The metrics of a service on a real server.
@Suite struct ServiceMetricsTests {
  private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  private func lines(_ service: BeatService) -> Set<String> {
    let text = String(decoding: service.metrics?.text(.prometheus) ?? [], as: UTF8.self)
    return Set(text.split(separator: "\n").map(String.init))
  }

  @Test func theyCountWhatHasReachedTheQueue() throws {
    let stage = try Stage()
    stage.set("a", schedule("a", every: "0.2"))
    var service: BeatService?
    var (fires, health, during) = (0, [] as [String], [] as Set<String>)
    let made = try BeatService(
      BeatConfiguration(stage), logger: quiet,
      monitoring: MonitoringOptions(address: .address("127.0.0.1", port: 0), schedules: 1)
    ) { event in
      guard case .schedule(.fired, _) = event, let service else { return }
      fires += 1
      if fires == 3 {
        health = service.healthInWords
        during = lines(service)
        service.stop()
      }
    }
    service = made
    #expect(made.run() == .stopped)
    #expect(health == ["ready: this daemon leads"])
    for line in [
      "reactivebeat_ready 1", "reactivebeat_leading 1", "reactivebeat_store_connected 1",
      #"reactivebeat_build_info{version="\#(BeatDaemon.version)",store="redis",broker="redis"} 1"#,
      #"reactivebeat_schedules{state="enabled"} 1"#,
    ] {
      #expect(during.contains(line), "\(line)")
    }
    #expect(during.contains { $0.hasPrefix("reactivebeat_lease_age_seconds ") })
    #expect(during.contains { $0.hasPrefix("process_start_time_seconds ") })
    let sent = stage.messages().count
    #expect(sent >= 3)
    let after = lines(made)
    #expect(after.contains(#"reactivebeat_fires_total{reason="schedule",outcome="fired"} \#(sent)"#))
    #expect(after.contains(#"reactivebeat_schedule_fires_total{schedule="a"} \#(sent)"#))
    #expect(after.contains("reactivebeat_ready 0"))
    #expect(made.healthInWords.first == "not ready")
    service = nil
  }

  @Test func withoutThemNothingIsMeasured() throws {
    let service = try BeatService(BeatConfiguration(try Stage()), logger: quiet)
    #expect(service.metrics == nil)
  }
}
