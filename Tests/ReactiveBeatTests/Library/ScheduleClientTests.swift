import ReactiveBeat
import Testing

/// An application's access to schedules, by the library's public API.
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

  /// The error names all problems, and nothing is stored.
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
    let own = try #require(throws: BeatError.self) { try BeatConfiguration(store: "none", broker: "none") }
    await #expect(throws: own) { try await client.edit("a") { _ in throw own } }
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

  /// A document that is too long to be read is not stored, whether it is new or edited.
  @Test func refusesWhatIsTooLong() async throws {
    let stage = try Stage()
    let client = try ScheduleClient(BeatConfiguration(stage))
    func document(_ length: Int) -> String {
      let empty = schedule("a", #", "note": """#)
      return empty.replacing(
        #""note": ""#, with: #""note": ""# + String(repeating: "x", count: length - empty.utf8.count))
    }
    let longest = document(1_048_576)
    try await client.put("a", document: longest)
    let tooLong = document(1_048_577)
    #expect(await error { try await client.put("a", document: tooLong) } == .invalidDocument)
    #expect(await error { try await client.put("b", document: tooLong) } == .invalidDocument)
    #expect(await error { try await client.edit("a") { _ in tooLong } } == .invalidDocument)
    // A broken document may become another broken one, but not one that is too long.
    stage.set("b", "{")
    #expect(
      await error { try await client.edit("b") { _ in String(repeating: "x", count: 60_000_000) } } == .invalidDocument)
    #expect(stage.document("a") == longest && stage.document("b") == "{")
  }

  /// Bytes that are no UTF-8 text cannot be edited as text.
  @Test func editsTextOnly() async throws {
    let stage = try Stage()
    let client = try ScheduleClient(BeatConfiguration(stage))
    let bytes = Array(Self.hourly.utf8).map { $0 == UInt8(ascii: "k") ? 0xFF : $0 }
    stage.store.call([Array("SET".utf8), Array(stage.key("a").utf8), bytes])
    do {
      try await client.edit("a") { $0.replacing("true", with: "false") }
      Issue.record("it was changed")
    } catch {
      #expect(error.kind == .invalidDocument && error.description.contains("UTF-8"), "\(error)")
    }
    #expect(stage.store("GET", stage.key("a"))?.bytes == bytes)
    #expect(try await client.schedule("a")?.document?.contains("\u{FFFD}ept") == true)
    try await client.put("a", document: Self.hourly)
    #expect(stage.document("a") == Self.hourly)
  }

  /// A key that equals the prefix is a schedule, and a daemon fires it. The client finds it under the empty name, but
  /// does not make one.
  @Test func emptyName() async throws {
    let stage = try Stage()
    let client = try ScheduleClient(BeatConfiguration(stage))
    stage.set("", Self.hourly)
    #expect(try await client.list().map(\.name) == [""])
    #expect(try await client.schedule("")?.state == .enabled)
    #expect(try await client.next("", count: 1).count == 1)
    #expect(await error { try await client.put("", document: Self.hourly) } == .invalidDocument)
    try await client.edit("") { $0.replacing("kept", with: "changed") }
    #expect(stage.document("")?.contains("changed") == true)
    try await client.remove("")
    #expect(stage.document("") == nil)
  }

  /// An error's text is one line, and does nothing to a terminal.
  @Test func printableErrors() async throws {
    let stage = try Stage()
    let client = try ScheduleClient(BeatConfiguration(stage))
    let name = "a\u{1B}[31m\nb"
    stage.set(name, Self.hourly)
    let url = stage.url(1)
    let attempts: [() async throws -> Void] = [
      { _ = try await client.fire(name, timeout: .milliseconds(1)) },
      { _ = try await client.fire(name + "c") }, { _ = try await client.next(name + "c") },
      { try await client.put(name, document: #"{"name": "\#(name)"}"#) },
      { try await client.put(name + String(repeating: "c", count: 2000), document: Self.hourly) },
      { try await client.edit(name) { _ in "{" } }, { try await client.edit(name) { _ in #"{"\#(name)": 1}"# } },
      { try await client.remove(name + "c") },
      { _ = try BeatConfiguration(store: "redis://\(name)/1", broker: url) },
      { _ = try BeatConfiguration(store: "redis://h/\(name)", broker: url) },
      { _ = try BeatConfiguration(store: "redis://h:\(name)/1", broker: url) },
      { _ = try BeatConfiguration(store: "\(name)://h/1", broker: url) },
      { _ = try BeatConfiguration(store: "redis://h/1?\(name)=1", broker: url) },
      { _ = try BeatConfiguration(store: url, broker: url, transportOptions: #"{"\#(name)": 1}"#) },
      { _ = try BeatConfiguration(store: url, broker: url, transportOptions: #"{"sep": ["\#(name)"]}"#) },
    ]
    for (index, attempt) in attempts.enumerated() {
      do {
        try await attempt()
        Issue.record("attempt \(index) succeeds")
      } catch {
        let text = "\(error)"
        #expect(text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }, "\(index): \(text)")
      }
    }
    let changes: [(inout BeatConfiguration) -> Void] = [
      { $0.timezone = name }, { $0.defaultQueue = "_kombu.binding.\(name)" },
    ]
    for change in changes {
      var configuration = try BeatConfiguration(stage)
      change(&configuration)
      let error = #expect(throws: BeatError.self) { try BeatDaemon(configuration) }
      #expect(error?.description.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control } == true)
    }
  }

  /// Another client's edit at the same moment stays, and a daemon's bookkeeping is taken in.
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

    // A fire writes the document, once.
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

  /// A run by hand, its answer and the history; before that, the error without a daemon.
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

  /// After a lost connection the next call opens another one.
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

  /// The client notices before each call that the server has closed its connection, and opens another one.
  @Test func noticesALostConnection() async throws {
    let stage = try Stage()
    let client = try ScheduleClient(BeatConfiguration(stage))
    try await client.put("a", document: Self.hourly)
    let calls: [() async throws -> Void] = [
      { _ = try await client.list() }, { _ = try await client.next("a") },
      { try await client.edit("a") { $0.replacing("kept", with: "changed") } }, { _ = try await client.history() },
      { try await client.remove("a") },
    ]
    let killer = try stage.server.client()
    for call in calls {
      killer("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
      try await call()
    }
  }

  /// The client's thread and connection end with it.
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
