import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// Runs that a user requests by `beat-watch fire`.
@Suite struct ManualFireTests {
  private static let requests = "reactivebeat:tasks:meta:manual"
  private static let history = "reactivebeat:tasks:meta:history"

  private func ask(_ stage: Stage, _ request: String, _ name: String, within seconds: Int64 = 60) {
    let now = SystemClock.now()
    let wish = ManualRequest(EntryName(name), deadline: now.advanced(by: seconds * 1_000_000))
    stage.store.call([Array("HSET".utf8), Array(Self.requests.utf8), Array(request.utf8), wish.bytes])
  }

  private func answer(_ stage: Stage, _ request: String) -> String? {
    stage.store("BLPOP", "reactivebeat:tasks:meta:answer:\(request)", "10")?.array?.last?.text
  }

  @Test func firesOnceBesideTheSchedule() throws {
    let stage = try Stage()
    let daemons = try (stage.daemon(), stage.daemon())
    let document = schedule("a", #", "args": [1], "queue": "reports""#)
    stage.set("a", document)
    try daemons.0.wait(for: "loaded", key: stage.key("a"))
    #expect(eventually { stage.watermark("a") != nil })
    let watermark = stage.watermark("a")
    ask(stage, "one", "a")
    let id = try #require(answer(stage, "one")?.split(separator: " ").last.map(String.init))
    #expect(stage.messages("reports").map(\.id) == [id])
    #expect(stage.messages("reports").first?.header("argsrepr")?.text == "[1]")
    // A run by hand changes neither the watermark nor the document.
    #expect(stage.watermark("a") == watermark && stage.document("a") == document)
    #expect(stage.store("HLEN", Self.requests)?.integer == 0)
    let entry = stage.store("XRANGE", Self.history, "-", "+")?.array?.first?.array?.last?.array?.compactMap(\.text)
    #expect(entry?[1] == "a" && entry?[3] == id && entry?.last == "manual")
    let line = try #require((daemons.0.logged("fired") + daemons.1.logged("fired")).first)
    #expect(line["why"] == "manual" && line["id"] == id)
    ask(stage, "two", "a")
    #expect(answer(stage, "two")?.hasPrefix("fired ") == true)
    #expect(stage.messages("reports").count == 2)
  }

  @Test func firesWhatIsDisabled() throws {
    let stage = try Stage()
    stage.set("a", schedule("a").replacing("true", with: "false"))
    let daemon = try stage.daemon()
    ask(stage, "one", "a")
    #expect(answer(stage, "one")?.hasPrefix("fired ") == true)
    try daemon.stop()
  }

  @Test func refusesWithAReason() throws {
    let stage = try Stage()
    stage.set("broken", "{")
    stage.set("lost", schedule("lost", #", "exchange": "nowhere", "routing_key": "k""#))
    stage.set("stuck", schedule("stuck", #", "queue": "stuck""#))
    stage.broker("SET", "stuck", "no list")
    let daemon = try stage.daemon()
    for (name, reason) in [
      ("none", "no such schedule"), ("broken", "set aside"), ("lost", "nowhere"), ("stuck", "no list"),
    ] {
      ask(stage, name, name)
      let answer = answer(stage, name)
      #expect(answer?.hasPrefix("refused ") == true && answer?.contains(reason) == true, "\(answer ?? "none")")
    }
    #expect(eventually { daemon.logged("refused").count == 4 })
    #expect(stage.store("HLEN", Self.requests)?.integer == 0)
    try daemon.stop()
  }

  /// The run is requested while no daemon fires: the next leader carries it out, but not after its deadline.
  @Test func waitsUntilItsDeadline() throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    ask(stage, "late", "a", within: -1)
    ask(stage, "in time", "a")
    stage.store("HSET", Self.requests, "foreign", "what?")
    let daemon = try stage.daemon()
    #expect(answer(stage, "in time")?.hasPrefix("fired ") == true)
    #expect(eventually { stage.store("HLEN", Self.requests)?.integer == 0 })
    #expect(stage.messages().count == 1)
    #expect(stage.store("EXISTS", "reactivebeat:tasks:meta:answer:late")?.integer == 0)
    try daemon.stop()
  }

  @Test func takesTheWayThroughTheOutbox() throws {
    let servers = try TwoServers()
    servers.store.set("a", schedule("a"))
    let daemon = try servers.daemon()
    ask(servers.store, "one", "a")
    let id = answer(servers.store, "one")?.split(separator: " ").last.map(String.init)
    #expect(eventually { servers.ids() == [id] })
    try daemon.stop()
  }
}
