import ReactiveBeat
import Testing

/// Schedules from an application, by what the library makes public.
@Suite struct ScheduleClientTests {
  private static let hourly = schedule("a", #", "note": "kept", "args": [1.50]"#)

  private func error(_ body: () async throws -> Void) async -> BeatError.Kind? {
    do { try await body() } catch { return (error as? BeatError)?.kind }
    return nil
  }

  @Test func makesChangesAndRemoves() async throws {
    let stage = try Stage()
    let client = try ScheduleClient(BeatConfiguration(stage))
    #expect(try await client.list() == [])
    #expect(try await client.schedule("a") == nil)

    let made = try await client.put("a", document: Self.hourly)
    #expect(made.state == .enabled && made.document == Self.hourly && made.lastRun == nil)
    #expect(stage.document("a") == Self.hourly)
    let next = try await client.next("a", count: 3)
    #expect(next.count == 3 && next[1] - next[0] == .seconds(3600) && made.nextDue == next[0])

    let edited = try await client.edit("a") { $0.replacing("true", with: "false") }
    #expect(edited.state == .disabled && edited.nextDue == nil)
    #expect(stage.document("a") == Self.hourly.replacing("true", with: "false"), "every other byte stays")
    #expect(try await client.next("a").isEmpty)
    #expect(try await client.list().map(\.name) == ["a"])

    try await client.remove("a")
    #expect(stage.document("a") == nil)
    #expect(await error { try await client.remove("a") } == .notFound)
    #expect(await error { _ = try await client.next("a") } == .notFound)
    #expect(await error { try await client.edit("a") { $0 } } == .notFound)
  }

  /// All that is wrong is said, and nothing is stored.
  @Test func refusesWhatCannotBeUsed() async throws {
    let stage = try Stage()
    let client = try ScheduleClient(BeatConfiguration(stage))
    do throws(BeatError) {
      try await client.put("a", document: #"{"name": "a", "task": 7, "enabled": true, "interval": {"every": 0}}"#)
      Issue.record("it was stored")
    } catch {
      #expect(error.kind == .invalidDocument)
      #expect(error.description.contains("task") && error.description.contains("interval"), "\(error)")
    }
    #expect(stage.document("a") == nil)
    try await client.put("a", document: Self.hourly)
    #expect(await error { try await client.edit("a") { _ in "{" } } == .invalidDocument)
    struct Own: Error {}
    #expect(await error { try await client.edit("a") { _ in throw Own() } } == .refused)
    #expect(stage.document("a") == Self.hourly)
    #expect(await error { try await client.put("", document: Self.hourly) } == .invalidDocument)
    #expect(
      await error { try await client.put(String(repeating: "x", count: 100_000), document: Self.hourly) }
        == .invalidDocument)

    stage.set("broken", "{")
    guard case .rejected(let reason)? = try await client.schedule("broken")?.state else {
      Issue.record("it passes for one that can be used")
      return
    }
    #expect(!reason.isEmpty)
  }

  /// Somebody else's edit of the moment stays; a daemon's own writing is taken in.
  @Test func losesNobodysWork() async throws {
    let stage = try Stage()
    let client = try ScheduleClient(BeatConfiguration(stage))
    try await client.put("a", document: Self.hourly)
    let theirs = Self.hourly.replacing("kept", with: "theirs")
    #expect(
      await error {
        try await client.edit("a") { [key = stage.key("a"), server = stage.server] text in
          let other = try server.client()
          other("SELECT", "1")
          other("SET", key, theirs)
          return text.replacing("kept", with: "mine")
        }
      } == .conflict)
    #expect(stage.document("a") == theirs)

    // As a fire writes it, once.
    let edited = try await client.edit("a") { [key = stage.key("a"), server = stage.server] text in
      let other = try server.client()
      other("SELECT", "1")
      if !text.contains("total_run_count") {
        other("SET", key, theirs.replacing(#""args""#, with: #""total_run_count": 7, "args""#))
      }
      return text.replacing("theirs", with: "mine")
    }
    #expect(edited.totalRunCount == 7)
    #expect(stage.document("a")?.contains("mine") == true && stage.document("a")?.contains(": 7,") == true)
  }

  /// A run by hand, its answer and the history; and nobody there.
  @Test func firesByHand() async throws {
    let stage = try Stage()
    let client = try ScheduleClient(BeatConfiguration(stage))
    try await client.put("a", document: Self.hourly)
    #expect(await error { _ = try await client.fire("a", timeout: .milliseconds(200)) } == .noDaemon)
    #expect(await error { _ = try await client.fire("none") } == .notFound)
    let daemon = try stage.daemon()
    try daemon.wait(for: "leading")
    let id = try await client.fire("a", timeout: .seconds(60))
    #expect(stage.messages().map(\.id) == [id])
    let runs = try await client.history(of: "a")
    #expect(runs.map(\.taskID) == [id] && runs.first?.reason == "manual")
    #expect(try await client.history(of: "b").isEmpty)
    #expect(try await client.history(limit: 1).count == 1)
    try daemon.stop()
  }

  /// After a connection was lost the next call opens another one.
  @Test func connectsAgain() async throws {
    let stage = try Stage()
    let client = try ScheduleClient(BeatConfiguration(stage))
    try await client.put("a", document: Self.hourly)
    stage.server.kill()
    #expect(await error { _ = try await client.list() } == .unreachable)
    try stage.restart()
    try await client.put("a", document: Self.hourly)
    #expect(try await client.list().count == 1)
  }

  /// Its thread and its connection end with it.
  @Test func leavesNothingBehind() async throws {
    let stage = try Stage()
    do {
      let client = try ScheduleClient(BeatConfiguration(stage))
      _ = try await client.list()
      #expect(stage.store("CLIENT", "LIST")?.text?.contains("name=beat-watch-command") == true)
    }
    #expect(eventually { stage.store("CLIENT", "LIST")?.text?.contains("name=beat-watch-command") == false })
  }
}
