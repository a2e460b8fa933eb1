import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// The records in which daemons describe themselves in the store.
@Suite struct DaemonRecordTests {
  private func records(_ stage: Stage) -> [JSONValue] {
    stage.store("HVALS", "reactivebeat:tasks:meta:daemons")?.array?.compactMap { $0.bytes.flatMap { JSONValue($0) } }
      ?? []
  }
  private func states(_ stage: Stage) -> [String] { records(stage).compactMap { $0["state"]?.text }.sorted() }

  @Test func tellWhoLeadsAndGoWithTheirDaemon() throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    stage.set("b", "{")
    let leader = try stage.daemon()
    #expect(eventually { states(stage) == ["leading"] })
    let record = try #require(records(stage).first)
    #expect(record["schedules"] == .number(1) && record["rejected"] == .number(1))
    #expect(record["events"]?.text == "keyspace" && record["version"]?.text == BeatDaemon.version)
    #expect(record["pid"] == .number(Double(leader.pid)))
    let standby = try stage.daemon()
    #expect(eventually { states(stage) == ["leading", "standing by"] })
    try leader.stop()
    #expect(eventually { states(stage) == ["leading"] })
    // The record of a daemon that was killed is removed by the next leader, when the dead daemon's heartbeat has
    // expired.
    try standby.kill()
    stage.store("DEL", "reactivebeat:tasks:meta:lease")
    #expect(eventually { stage.store("KEYS", "reactivebeat:tasks:meta:heartbeat:*")?.array?.isEmpty == true })
    let next = try stage.daemon()
    #expect(eventually { states(stage) == ["leading"] && records(stage).first?["pid"] == .number(Double(next.pid)) })
  }
}
