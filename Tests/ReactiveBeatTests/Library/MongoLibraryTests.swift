import Logging
import ReactiveBeat
import Testing

/// The library's public interface with schedules in MongoDB.
@Suite struct MongoLibraryTests {
  @Test func aDaemonAndAClient() async throws {
    let (stage, mongo) = (try Stage(), try MongoServer())
    let configuration = try BeatConfiguration(store: mongo.url(), broker: stage.url(stage.brokerDatabase))
    let daemon = try BeatDaemon(configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    var events = daemon.events.makeAsyncIterator()
    async let end: Void = daemon.run()
    func next(_ isWanted: (BeatEvent) -> Bool) async -> BeatEvent? {
      while let event = await events.next() { if isWanted(event) { return event } }
      return nil
    }
    #expect(await next { $0 == .ready(schedules: 0, rejected: 0) } != nil)

    let client = try ScheduleClient(configuration)
    let document = schedule("a", every: "0.5")
    #expect(try await client.put("a", document: document).state == .enabled)
    guard case .fired(let run)? = await next({ if case .fired = $0 { true } else { false } }) else {
      Issue.record("it fired nothing")
      return
    }
    #expect(run.name == "a" && eventually { stage.messages().contains { $0.id == run.taskID } })
    let id = try await client.fire("a")
    #expect(eventually { stage.messages().contains { $0.id == id } })
    #expect(try await client.edit("a") { $0.replacing("true", with: "false") }.state == .disabled)
    try mongo.python(
      """
      document = c.celery.schedules.find_one({"name": "a"})
      assert document["enabled"] is False and document["total_run_count"] >= 1, document
      """)
    #expect(try await client.list().map(\.name) == ["a"])
    try await client.remove("a")
    #expect(try await client.schedule("a") == nil)
    daemon.stop()
    #expect(await next { $0 == .stopped } != nil)
    try await end
  }
}
