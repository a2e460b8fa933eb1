import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat
@testable import beat_watch

/// The API against real stores.
@Suite struct WebBackEndTests {
  enum Kind: CaseIterable { case redis, mongo }

  /// A store of one kind, with a Redis as the broker.
  private final class Place {
    let stage: Stage
    let mongo: MongoServer?

    init(_ kind: Kind) throws {
      stage = try Stage()
      mongo = kind == .mongo ? try MongoServer() : nil
    }

    var options: [String] {
      [
        "--store-url", mongo?.url() ?? stage.url(stage.storeDatabase), "--broker-url", stage.url(stage.brokerDatabase),
        "--key-prefix", stage.prefix,
      ]
    }

    func web(on loop: EventLoop? = nil) throws -> WebStage { try WebStage(options, on: loop) }

    func daemon() throws -> Daemon {
      try stage.daemon(
        mongo.map { ["CELERY_MONGODB_SCHEDULER_URL": $0.url(), "CELERY_REDIS_SCHEDULER_URL": ""] } ?? [:])
    }

    func kill() { if let mongo { mongo.kill() } else { stage.server.kill() } }
    func restart() throws { if let mongo { try mongo.start() } else { try stage.restart() } }
  }

  private static let names = [
    "plain", "a/b c", "q\"uo'te\\", "日報-東京", "👩‍👩‍👧", "?#%&=+", "..", "\u{202E}mirror", "Zu\u{308}rich",
  ]

  /// A schedule's whole life, with names and texts of every kind.
  @Test(arguments: Kind.allCases) func aLife(kind: Kind) throws {
    let place = try Place(kind)
    let web = try place.web()
    web.load()
    for (index, name) in Self.names.enumerated() {
      let document = JSONOutput.object([
        ("name", .text(kind == .mongo ? name : "label of \(name)")), ("task", .text("tasks.t\(index % 3)")),
        ("enabled", .boolean(true)),
        ("interval", .raw(Array(#"{"every": \#(index + 1), "period": "hours"}"#.utf8))),
        ("kwargs", .object([("text", .text("</script> \u{2028} \u{0} ' \(name)"))])),
      ]).line
      let made = web.ask("POST", "schedules", [], WebStage.body(document, ("name", name)))
      #expect(made.status == 201 && made["id"]?.text == WebStage.id(name), "\(name): \(made.text)")
      #expect(web.ask("POST", "schedules", [], WebStage.body(document, ("name", name))).code == "conflict")
      // The list after it shows it.
      #expect(web.ask("GET", "schedules", [("sort", "name")])["all"]?.number == Double(index + 1))
      let id = WebStage.id(name)
      let detail = web.ask("GET", "schedules/\(id)")
      // MongoDB keeps the values, and Redis the text.
      let stored = try #require(detail["document"]?.text)
      #expect(kind == .mongo ? JSONValue(stored.utf8) == JSONValue(document.utf8) : stored == document, "\(stored)")
      #expect(detail["digest"] == made["digest"])
      #expect(detail["row"]?["id"]?.text == id && detail["row"]?["name"]?.text == EntryName(name).description)
      #expect(detail["definition"]?["task"]?.text == "tasks.t\(index % 3)" && detail["upcoming"]?.items?.count == 20)
      #expect(
        detail["words"]?.text == "every \(index + 1 == 1 ? "hour" : "\(index + 1) hours")",
        "\(detail["words"] ?? .null)")

      let seen = try #require(detail["digest"]?.text)
      let edited = stored.replacing("\"every\": \(index + 1)", with: "\"every\": 77")
      let check = web.ask("POST", "check", [], WebStage.body(edited, ("id", id), ("name", name)))
      #expect(check["is_usable"] == .bool(true) && check["upcoming"]?.items?.count == 5)
      #expect(check["difference"]?.items?.compactMap { $0["field"]?.text } == ["interval"], "\(check.text)")
      let saved = web.ask("PUT", "schedules/\(id)", [], WebStage.body(edited, ("seen", seen)))
      #expect(saved.status == 200, "\(saved.text)")
      // The one who has seen the first document must not overwrite the second.
      let stale = web.ask("PUT", "schedules/\(id)", [], WebStage.body(stored, ("seen", seen)))
      #expect(
        stale.status == 409 && stale["current"]?["document"]?.text == edited
          && stale["current"]?["digest"] == saved["digest"])
      #expect(web.ask("DELETE", "schedules/\(id)", [], #"{"seen": "\#(seen)"}"#).status == 409)

      let off = web.ask("POST", "schedules/\(id)/disable", [], "{}")
      #expect(off.status == 200 && web.ask("GET", "schedules/\(id)")["row"]?["state"]?.text == "disabled")
      let on = web.ask("POST", "schedules/\(id)/enable", [], "{}")
      #expect(on["digest"] == saved["digest"], "\(on.text)")
      let explanation = web.ask("GET", "schedules/\(id)/explanation")
      #expect(explanation["headline"]?.text?.contains("nobody fires") == true, "\(explanation.text)")
      let new = name + "/new"
      #expect(
        web.ask("POST", "schedules/\(id)/rename", [], JSONOutput.object([("name", .text(new))]).line)["id"]?.text
          == WebStage.id(new))
      #expect(web.ask("GET", "schedules/\(id)").status == 404)
      let renamed = web.ask("GET", "schedules/\(WebStage.id(new))")
      // In MongoDB the name stands in the document.
      #expect((renamed["digest"] == saved["digest"]) == (kind == .redis))
      #expect(web.ask("GET", "schedules/\(WebStage.id(new))/runs")["runs"]?.items == [])
    }
    // Half of them by themselves, the others at once.
    let ids = Self.names.map { WebStage.id($0 + "/new") }
    for id in ids.prefix(4) {
      let seen = web.ask("GET", "schedules/\(id)")["digest"]?.text ?? ""
      #expect(web.ask("DELETE", "schedules/\(id)", [("seen", seen)]).status == 204)
      #expect(web.ask("DELETE", "schedules/\(id)", [("seen", seen)]).status == 404)
    }
    let rest = ids.dropFirst(4).map { JSONOutput.text($0) } + [.text(WebStage.id("no such")), .text("Y==")]
    func bulk(_ action: String) -> [Bool] {
      let body = JSONOutput.object([("action", .text(action)), ("ids", .list(rest))]).line
      return web.ask("POST", "bulk", [], body)["results"]?.items?.map { $0["is_done"] == .bool(true) } ?? []
    }
    #expect(bulk("disable") == [true, true, true, true, true, false, false])
    #expect(web.ask("GET", "schedules")["counts"]?["disabled"]?.number == 5)
    #expect(bulk("delete") == [true, true, true, true, true, false, false])
    #expect(web.ask("GET", "schedules")["all"]?.number == 0)
    #expect(web.ask("GET", "schedules")["items"]?.items == [])
  }

  /// Documents and names that cannot be used are refused with what is wrong, and nothing is stored.
  @Test(arguments: Kind.allCases) func refusals(kind: Kind) throws {
    let place = try Place(kind)
    let web = try place.web()
    let broken = "{\"name\": \"a\",\n\"enabled\": true,\n\"interval\": {\"every\": -1, \"period\": \"minuts\"}}"
    let check = web.ask("POST", "check", [], WebStage.body(broken, ("name", "a")))
    #expect(check["is_usable"] == .bool(false))
    let remarks = check["remarks"]?.items ?? []
    #expect(remarks.contains { $0["field"]?.text == "interval.period" && $0["line"]?.number == 3 }, "\(check.text)")
    #expect(remarks.contains { $0["field"]?.text == "task" && $0["line"] == .null }, "\(check.text)")
    #expect(
      web.ask("POST", "check", [], WebStage.body("{\n\n[}", ("name", "a")))["remarks"]?.items?.first?["line"]?.number
        == 3)
    #expect(web.ask("POST", "schedules", [], WebStage.body(broken, ("name", "a"))).status == 422)
    let good = schedule("a")
    for name in ["", String(repeating: "x", count: 1_025)] {
      #expect(web.ask("POST", "schedules", [], WebStage.body(good, ("name", name))).status == 422, "\(name.prefix(9))")
    }
    #expect(web.ask("POST", "schedules", [], WebStage.body(good)).status == 400)
    #expect(
      web.ask("POST", "schedules", [], WebStage.body(String(repeating: " ", count: 1_048_577) + good, ("name", "a")))
        .status == 413)
    #expect(
      web.ask(
        "PUT", "schedules/\(WebStage.id("a"))", [], WebStage.body(good, ("seen", String(repeating: "0", count: 64)))
      ).status == 404)
    #expect(web.ask("PUT", "schedules/\(WebStage.id("a"))", [], WebStage.body(good)).status == 400)
    #expect(web.ask("GET", "schedules/\(WebStage.id("a"))").status == 404)
    for action in ["run", "enable", "disable", "rename"] {
      #expect(
        web.ask("POST", "schedules/\(WebStage.id("a"))/\(action)", [], #"{"name": "b"}"#).status == 404, "\(action)")
    }
    #expect(web.ask("POST", "bulk", [], #"{"action": "explode", "ids": []}"#).status == 400)
    let many = (0...200).map { _ in "\"YQ\"" }.joined(separator: ",")
    #expect(web.ask("POST", "bulk", [], #"{"action": "run", "ids": [\#(many)]}"#).status == 400)
    web.load()
    #expect(web.ask("GET", "schedules")["all"]?.number == 0)
    #expect(web.ask("POST", "schedules", [], WebStage.body(good, ("name", "a")), role: .viewer).status == 403)
    #expect(web.ask("GET", "schedules", role: nil).status == 401)
    for (path, query) in [
      ("schedules", ("limit", "0")), ("runs", ("limit", "501")), ("system/activity", ("minutes", "181")),
      ("facets", ("x", "1")),
    ] {
      #expect(web.ask("GET", path, [query]).status == 400, "\(path)")
    }
  }

  /// Of two who save over the same document at once, one wins, and the other is told. Nobody's edit is lost.
  @Test(arguments: Kind.allCases) func aRaceOfTwoSavers(kind: Kind) throws {
    let place = try Place(kind)
    let first = try place.web()
    let second = try place.web(on: first.loop)
    let id = WebStage.id("a")
    #expect(first.ask("POST", "schedules", [], WebStage.body(schedule("a"), ("name", "a"))).status == 201)
    var (wins, conflicts) = (0, 0)
    for round in 0..<40 {
      let seen = try #require(first.ask("GET", "schedules/\(id)")["digest"]?.text)
      var statuses: [Int] = []
      for (index, web) in [first, second].enumerated() {
        let edited = schedule("a", task: "tasks.t\(round).\(index)")
        let call = APICall(
          "PUT", ["schedules", id], body: Array(WebStage.body(edited, ("seen", seen)).utf8), role: .editor)
        web.backEnd.take(call) { statuses.append($0.status) }
      }
      first.run(atMost: 60_000_000) { statuses.count == 2 }
      #expect(statuses.sorted() == [200, 409], "\(statuses)")
      wins += statuses.count { $0 == 200 }
      conflicts += statuses.count { $0 == 409 }
    }
    #expect(wins == 40 && conflicts == 40)
  }

  /// A daemon runs the schedule while a user edits it: runs are no conflict, and none of them is lost.
  @Test(arguments: Kind.allCases) func editsBesideRuns(kind: Kind) throws {
    let place = try Place(kind)
    let web = try place.web()
    let daemon = try place.daemon()
    defer { withExtendedLifetime(daemon) {} }
    let id = WebStage.id("a")
    #expect(web.ask("POST", "schedules", [], WebStage.body(schedule("a", every: "0.5"), ("name", "a"))).status == 201)
    var detail = web.ask("GET", "schedules/\(id)")
    for (former, task) in [("reports.build", "tasks.one"), ("tasks.one", "tasks.two")] {
      let (seen, document) = (try #require(detail["digest"]?.text), try #require(detail["document"]?.text))
      let before = detail["row"]?["total_run_count"]?.number ?? 0
      // Two runs and more since the look.
      _ = web.ask("GET", "schedules/\(id)") { ($0["row"]?["total_run_count"]?.number ?? 0) >= before + 2 }
      let saved = web.ask(
        "PUT", "schedules/\(id)", [], WebStage.body(document.replacing(former, with: task), ("seen", seen)))
      #expect(saved.status == 200, "\(saved.text)")
      detail = web.ask("GET", "schedules/\(id)")
      #expect(detail["row"]?["task"]?.text == task && (detail["row"]?["total_run_count"]?.number ?? 0) >= before + 2)
    }
    // The receipt tells that the daemon goes by these bytes, or by those of a later run.
    let heard = web.ask("GET", "schedules/\(id)") { $0["receipt"]?["state"]?.text == "accepted" }
    #expect(heard["receipt"]?["warnings"]?.items == [])
    let run = web.ask("POST", "schedules/\(id)/run", [], "{}")
    #expect(run["answer"]?.text == "fired" && run["task_id"]?.text?.utf8.count == 36, "\(run.text)")
    let runs = web.ask("GET", "runs", [("limit", "500")]) {
      $0["runs"]?.items?.contains { $0["task_id"] == run["task_id"] } ?? false
    }
    #expect(runs["runs"]?.items?.first { $0["task_id"] == run["task_id"] }?["reason"]?.text == "manual")
    let system = web.ask("GET", "system")
    #expect(
      system["health"]?["status"]?.text == "ok" && system["daemons"]?.items?.first?["is_leading"] == .bool(true),
      "\(system.text)")
    #expect(system["lease"]?["expires_in"]?.number ?? 0 > 0)
    let activity = web.ask("GET", "system/activity", [("minutes", "3")]) {
      $0["points"]?.items?.contains { $0["fires"]?.number ?? 0 >= 4 && $0["late_max"] != .null } ?? false
    }
    #expect(activity["points"]?.items?.count == 3, "\(activity.text)")
    // The list's row moves by the runs.
    web.load()
    let moved = web.ask("GET", "schedules") { $0["items"]?.items?.first?["last_run"]?["late"] != .null }
    #expect(moved["items"]?.items?.first?["next"]?["is_missed"] == .bool(false), "\(moved.text)")
    let doctor = web.ask("GET", "system/doctor")
    #expect((doctor["findings"]?.items?.count ?? 0) > 3, "\(doctor.text)")
    let facets = web.ask("GET", "facets")
    #expect(facets["tasks"]?.items?.first?["value"]?.text == "tasks.two", "\(facets.text)")
    // A handful of fast edits and runs later, the index says what the store says.
    #expect(web.ask("POST", "schedules/\(id)/disable", [], "{}").status == 200)
    let last = web.ask("GET", "schedules/\(id)")["row"]
    let row = web.ask("GET", "schedules") { $0["items"]?.items?.first?["total_run_count"] == last?["total_run_count"] }
    #expect(row["items"]?.items?.first?["state"]?.text == "disabled")
  }

  /// A store that is lost is waited for. Lists go on and say so; what needs the store is refused with the reason.
  @Test(arguments: Kind.allCases) func aLostStoreReturns(kind: Kind) throws {
    let place = try Place(kind)
    let web = try place.web()
    let events = EventReader()
    let id = WebStage.id("a")
    #expect(web.ask("POST", "schedules", [], WebStage.body(schedule("a"), ("name", "a"))).status == 201)
    web.load()
    let call = APICall("GET", ["events"], role: .viewer)
    let (token, refusal) = web.backEnd.subscribe(call) { bytes in
      events.take(bytes)
      return true
    }
    #expect(token != nil && refusal == nil)
    web.run(atMost: 60_000_000) { events.all("store").last?["reachable"] == .bool(true) }
    place.kill()
    web.run(atMost: 60_000_000) { events.all("store").last?["reachable"] == .bool(false) }
    #expect(events.all("store").last?["message"]?.text?.isEmpty == false)
    let lost = web.ask("GET", "schedules/\(id)")
    #expect(lost.status == 503 && lost.code == "store_unreachable", "\(lost.text)")
    #expect(web.ask("POST", "schedules", [], WebStage.body(schedule("b"), ("name", "b"))).status == 503)
    let list = web.ask("GET", "schedules")
    #expect(list.status == 200 && list["stale"] != .null && list["items"]?.items?.count == 1)
    try place.restart()
    let back = web.ask("POST", "schedules", []) { $0.status != 503 }
    #expect(back.status == 400, "\(back.text)")
    #expect(web.ask("POST", "schedules", [], WebStage.body(schedule("c"), ("name", "c"))).status == 201)
    web.run(atMost: 60_000_000) { events.all("store").last?["reachable"] == .bool(true) }
    // Redis has come back empty, MongoDB with its documents.
    let count: Double = kind == .redis ? 1 : 2
    let reloaded = web.ask("GET", "schedules") { $0["all"]?.number == count && $0["stale"] == .null }
    #expect(reloaded["all"]?.number == count, "\(reloaded.text)")
  }

  /// A store that is not there from the beginning is no reason not to start.
  @Test func noStoreAtFirst() throws {
    let stage = try Stage()
    stage.server.kill()
    let web = try WebStage(stage)
    let list = web.ask("GET", "schedules") { $0.status != 200 }
    #expect(list.status == 503 && list.code == "store_unreachable", "\(list.text)")
    try stage.restart()
    stage.set("a", schedule("a"))
    #expect(web.ask("GET", "schedules") { $0["all"]?.number == 1 }["loading"] == .bool(false))
  }

  /// While a store is frozen, lists are answered, calls are refused in time, and no more wait than may.
  @Test func aFrozenStore() throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    let web = try WebStage(stage)
    web.load()
    #expect(web.ask("GET", "schedules/\(WebStage.id("a"))").status == 200)
    stage.server.suspend()
    defer { stage.server.resume() }
    var statuses: [Int] = []
    for _ in 0..<100 {
      web.backEnd.take(APICall("GET", ["schedules", WebStage.id("a")], role: .viewer)) { statuses.append($0.status) }
    }
    let start = MonotonicTime.now()
    #expect(web.ask("GET", "schedules")["items"]?.items?.count == 1)
    #expect(MonotonicTime.now().microseconds(since: start) < 5_000_000)
    web.run(atMost: 60_000_000) { statuses.count == 100 }
    #expect(MonotonicTime.now().microseconds(since: start) < 30_000_000)
    #expect(statuses.count == 100 && Set(statuses) == [429, 503] && statuses.count { $0 == 429 } >= 30)
    stage.server.resume()
    #expect(web.ask("GET", "schedules/\(WebStage.id("a"))") { $0.status == 200 }.status == 200)
  }

  /// A server without change streams tells of no edit. All documents are read again while somebody looks.
  @Test func aStoreWithoutEvents() throws {
    let (stage, mongo) = (try Stage(), try MongoServer(isStandalone: true))
    let options = ["--store-url", mongo.url(), "--broker-url", stage.url(stage.brokerDatabase)]
    let web = try WebStage(options)
    web.load()
    let client = try StoreOptions.parse(options).connect()
    defer { client.close() }
    #expect(try client.save(Array(schedule("a").utf8), as: EntryName("a"), inPlaceOf: nil, watermark: nil))
    let list = web.ask("GET", "schedules") { $0["all"]?.number == 1 }
    #expect(list["items"]?.items?.first?["name"]?.text == "a" && list["stale"] == .null, "\(list.text)")
  }

  /// Browsers hear of edits and runs of what they show, and of nothing else but counts, runs, and the state of things.
  @Test(arguments: Kind.allCases) func events(kind: Kind) throws {
    let place = try Place(kind)
    let web = try place.web()
    let daemon = try place.daemon()
    defer { withExtendedLifetime(daemon) {} }
    for name in ["a", "b"] {
      #expect(web.ask("POST", "schedules", [], WebStage.body(schedule(name), ("name", name))).status == 201)
    }
    web.load()
    let (mine, others) = (EventReader(), EventReader())
    let a = WebStage.id("a")
    let call = APICall("GET", ["events"], query: [(name: "ids", value: "\(a),\(WebStage.id("gone"))")], role: .viewer)
    let token = web.backEnd.subscribe(call) { bytes in
      mine.take(bytes)
      return true
    }.token
    let other = web.backEnd.subscribe(APICall("GET", ["events"], role: .viewer)) { bytes in
      others.take(bytes)
      return true
    }.token
    // First the present state.
    web.run(atMost: 60_000_000) { !mine.all("schedules").isEmpty && !others.all("schedules").isEmpty }
    #expect(mine.all("schedules").first?["items"]?.items?.first?["id"]?.text == a)
    #expect(mine.all("schedules").first?["removed"]?.items == [.string(WebStage.id("gone"))])
    #expect(others.all("schedules").first?["items"]?.items == [])
    #expect(others.all("schedules").first?["counts"]?["enabled"]?.number == 2)

    // An edit by another program, its receipt, and a run.
    let client = try StoreOptions.parse(place.options).connect()
    defer { client.close() }
    let before = try client.document(EntryName("a"))
    let edited = Array(schedule("a", task: "tasks.other").utf8)
    #expect(try client.save(edited, as: EntryName("a"), inPlaceOf: before.bytes, watermark: nil))
    web.run(atMost: 60_000_000) {
      mine.all("schedules").last?["items"]?.items?.first?["task"]?.text == "tasks.other"
        && !mine.all("receipts").isEmpty
    }
    #expect(mine.all("schedules").last?["items"]?.items?.first?["task"]?.text == "tasks.other")
    #expect(mine.all("receipts").last?["receipts"]?.items?.first?["id"]?.text == a)
    #expect(web.ask("POST", "schedules/\(a)/run", [], "{}")["answer"]?.text == "fired")
    web.run(atMost: 60_000_000) { !others.all("runs").isEmpty && !others.all("system").isEmpty }
    #expect(others.all("runs").last?["runs"]?.items?.last?["reason"]?.text == "manual")
    #expect(others.all("receipts").isEmpty && others.all("schedules").allSatisfy { $0["items"]?.items == [] })
    #expect(web.ask("POST", "schedules/\(WebStage.id("b"))/disable", [], "{}").status == 200)
    web.run(atMost: 60_000_000) { others.all("schedules").last?["counts"]?["disabled"]?.number == 1 }
    #expect(others.all("schedules").last?["counts"]?["enabled"]?.number == 1)
    for (event, schema) in [
      ("schedules", "ScheduleEvent"), ("runs", "Runs"), ("receipts", "ReceiptEvent"), ("system", "System"),
      ("store", "StoreEvent"),
    ] {
      for json in mine.all(event) { #expect(OpenAPI.shared.misfit(json, named: schema) == nil) }
      #expect(!mine.all(event).isEmpty, "\(event)")
    }

    // One that takes nothing more is left alone from then on.
    if let other { web.backEnd.unsubscribe(other) }
    if let token { web.backEnd.unsubscribe(token) }
    var calls = 0
    _ = web.backEnd.subscribe(call) { _ in
      calls += 1
      return false
    }
    web.run(atMost: 60_000_000) { calls == 1 }
    let later = EventReader()
    _ = web.backEnd.subscribe(call) { bytes in
      later.take(bytes)
      return true
    }
    #expect(web.ask("POST", "schedules/\(a)/disable", [], "{}").status == 200)
    web.run(atMost: 60_000_000) { later.all("schedules").last?["counts"]?["disabled"]?.number == 2 }
    #expect(later.all("schedules").last?["counts"]?["disabled"]?.number == 2 && calls == 1)
    for wrong in [[("ids", "Y==")], [("id", a)], [("ids", (0...200).map { _ in "YQ" }.joined(separator: ","))]] {
      let call = APICall("GET", ["events"], query: wrong.map { (name: $0.0, value: $0.1) }, role: .viewer)
      #expect(web.backEnd.subscribe(call) { _ in true }.refusal?.status == 400)
    }
    #expect(web.backEnd.subscribe(APICall("GET", ["events"])) { _ in true }.refusal?.status == 401)
  }

  /// What stands in the store is shown whatever it is, and a save of it is refused where bytes would be lost.
  @Test func hostileContents() throws {
    let stage = try Stage()
    stage.store("SET", stage.key("latin"), schedule("caf\u{E9}").replacing("é", with: "e"))
    stage.set("broken", "{\"name\": \"<img src=x onerror=alert(1)>\", ")
    stage.set("deep", String(repeating: "[", count: 5_000))
    stage.set("long", String(repeating: " ", count: 1_100_000) + schedule("long"))
    stage.store("LPUSH", stage.key("list"), "x")
    stage.set("marks", schedule("e" + String(repeating: "\u{301}", count: 20_000)))
    let web = try WebStage(stage)
    web.load()
    let list = web.ask("GET", "schedules")
    #expect(list["counts"]?["rejected"]?.number ?? 0 >= 3, "\(list.text)")
    for name in ["latin", "broken", "deep", "long", "list", "marks"] {
      let detail = web.ask("GET", "schedules/\(WebStage.id(name))")
      #expect(detail.status == 200, "\(name): \(detail.text.prefix(200))")
    }
    let broken = web.ask("GET", "schedules/\(WebStage.id("broken"))")
    #expect(
      broken["is_text"] == .bool(true) && broken["definition"] == .null && broken["remarks"]?.items?.isEmpty == false)
    // A broken document is mended by a save.
    let seen = broken["digest"]?.text ?? ""
    #expect(
      web.ask("PUT", "schedules/\(WebStage.id("broken"))", [], WebStage.body(schedule("x"), ("seen", seen))).status
        == 200)
    #expect(
      web.ask("PUT", "schedules/\(WebStage.id("list"))", [], WebStage.body(schedule("x"), ("seen", seen))).status == 422
    )
  }

  @Test func itsDescription() throws {
    let stage = try Stage()
    let web = try WebStage(stage)
    let json = web.ask("GET", "openapi.json")
    #expect(json["openapi"]?.text == "3.1.0")
    // Each path that is described leads somewhere, and no other method does.
    for (path, operations) in OpenAPI.shared.paths where path != "/session" && path != "/events" {
      guard case .object(let methods) = operations else { continue }
      let segments = path.split(separator: "/").map { $0 == "{id}" ? "YQ" : String($0) }
      for method in ["GET", "POST", "PUT", "DELETE"] {
        let isDescribed = methods[method.lowercased()] != nil
        var isThere = true
        do throws(APIProblem) { _ = try APIRoute(APICall(method, segments)) } catch { isThere = false }
        #expect(isThere == isDescribed, "\(method) \(path)")
      }
    }
  }
}

/// Reads server-sent events as a browser does.
final class EventReader {
  private var events: [(name: String, json: JSONValue)] = []

  func take(_ bytes: [UInt8]) {
    for block in String(decoding: bytes, as: UTF8.self).split(separator: "\n\n") {
      let lines = block.split(separator: "\n")
      guard lines.count == 2, lines[0].hasPrefix("event: "), lines[1].hasPrefix("data: "),
        let json = JSONValue(lines[1].dropFirst(6).utf8)
      else {
        if block != ": " { Issue.record("this is no event: \(block)") }
        continue
      }
      events.append((String(lines[0].dropFirst(7)), json))
    }
  }

  func all(_ name: String) -> [JSONValue] { events.filter { $0.name == name }.map(\.json) }
}
