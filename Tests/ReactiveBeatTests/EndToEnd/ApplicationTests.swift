import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// A daemon and the commands take what a document leaves out from the application's manifest, and hear it like an edit.
@Suite struct ApplicationTests {
  private static let key = "reactivebeat:tasks:meta:application"

  private let stage: Stage

  init() throws { stage = try Stage() }

  private func publish(_ task: String, _ more: String = "") {
    stage.store(
      "SET", Self.key,
      #"{"version": 1, "application": "proj", "published_by": "here", "tasks": {"reports.build": \#(task)}\#(more)}"#)
  }

  /// Waits until the daemon has logged so many lines about the application.
  private func wait(_ daemon: Daemon, _ count: Int) {
    #expect(eventually { daemon.logged("application").count >= count })
  }

  @Test func anotherRouteIsInForceAtTheNextFire() throws {
    publish(#"{"queue": "one", "priority": 6, "time_limit": 60}"#)
    stage.set("a", schedule("a", every: "0.05"))
    let daemon = try stage.daemon()
    #expect(eventually { !stage.messages("one\u{06}\u{16}6").isEmpty })
    #expect(daemon.logged("application").first?["name"] == "proj")
    publish(#"{"queue": "two"}"#)
    wait(daemon, 2)
    #expect(eventually { stage.messages("two").count >= 3 })
    let before = stage.messages("one\u{06}\u{16}6").count
    #expect(eventually { stage.messages("two").count >= 6 })
    #expect(stage.messages("one\u{06}\u{16}6").count == before)
    stage.store("DEL", Self.key)
    #expect(eventually { stage.messages("celery").count >= 2 })
    // The documents were neither read again nor changed by any of it.
    #expect(daemon.logged("changed").isEmpty)
    try daemon.stop()
  }

  /// After FLUSHALL nothing in the store tells of the application. The daemon remembers, and says what to do.
  @Test func aManifestThatIsGone() throws {
    publish(#"{"queue": "one"}"#)
    let daemon = try stage.daemon()
    #expect(try !stage.run("status").text.contains("manifest"))
    stage.store("FLUSHALL")
    wait(daemon, 2)
    let advice = "`python -m reactivebeat publish -A APPLICATION` brings it and the schedules of the code back"
    #expect(daemon.logged("application").last?.reason.contains(advice) == true)
    #expect(eventually { (try? stage.run("status").text.contains("the manifest of proj: " + advice)) == true })
    let doctor = try stage.run("doctor")
    #expect(doctor.text.contains("problem  application: the manifest of proj is gone"), "\(doctor.text)")
    publish(#"{"queue": "one"}"#)
    wait(daemon, 3)
    #expect(eventually { (try? stage.run("status").text.contains("the manifest of proj")) == false })
    try daemon.stop()
  }

  @Test func aManifestThatCannotBeUsedDoesNotReplaceTheLastGoodOne() throws {
    publish(#"{"queue": "one"}"#)
    let daemon = try stage.daemon()
    stage.store("SET", Self.key, "{")
    wait(daemon, 2)
    #expect(daemon.logged("application").last?.reason.contains("cannot be used") == true)
    stage.set("a", schedule("a", atOnce))
    try daemon.wait(for: "fired", key: stage.key("a"))
    #expect(stage.messages("one").count == 1)
    stage.store("DEL", Self.key)
    stage.store("LPUSH", Self.key, "x")
    stage.set("b", schedule("b", atOnce))
    try daemon.wait(for: "fired", key: stage.key("b"))
    try daemon.stop()
  }

  @Test func itsZoneIsThatOfCrontabsWithoutOne() throws {
    let daemon = try stage.daemon()
    let crontab = #"{"name": "a", "task": "reports.build", "enabled": true, "crontab": {"minute": "0", "hour": "12"}}"#
    stage.set("a", crontab)
    let utc = try daemon.wait(for: "loaded", key: stage.key("a")).text("next")
    publish("{}", #", "timezone": "Asia/Kolkata""#)
    let india = try daemon.wait(for: "changed", key: stage.key("a")).text("next")
    #expect(utc.hasSuffix("T12:00:00Z"))
    #expect(india.hasSuffix("T06:30:00Z"))
    try daemon.stop()
  }

  @Test func theReceiptTellsOfATaskThatTheApplicationDoesNotHave() throws {
    publish("{}")
    let daemon = try stage.daemon()
    stage.set("a", schedule("a", task: "reports.biuld"))
    #expect(
      eventually {
        let bytes = stage.store("HGET", "reactivebeat:tasks:meta:receipts", "a")?.bytes
        return bytes.flatMap { EditReceipt($0) }?.warnings.first?.contains("has no such task") == true
      })
    publish(#"{"problem": "it goes to a fanout exchange; name a queue"}"#)
    stage.set("b", schedule("b"))
    #expect(try daemon.wait(for: "rejected", key: stage.key("b")).reason.contains("fanout exchange"))
    // It is in force again as soon as the application says so.
    publish(#"{"queue": "q"}"#)
    try daemon.wait(for: "loaded", key: stage.key("b"))
    try daemon.stop()
  }

  /// An ACL that was written for an earlier version does not allow the manifest's events.
  @Test(.needsChannelRights) func withoutItsEventsTheManifestIsReadAtEachAudit() throws {
    let rules = ["on", ">secret", "~*", "+@all", "resetchannels"]
    let channels = RedisKeys(prefix: "tasks:meta:").subscriptions(database: 1).map { [UInt8(ascii: "&")] + $0 }
    stage.store.call((["ACL", "SETUSER", "beat", "reset"] + rules).map { Array($0.utf8) } + channels)
    publish(#"{"queue": "one"}"#)
    let daemon = try stage.daemon(["BEAT_WATCH_AUDIT_INTERVAL": "1"], user: "beat:secret@")
    wait(daemon, 1)
    publish(#"{"queue": "two"}"#)
    wait(daemon, 2)
    stage.set("a", schedule("a", atOnce))
    try daemon.wait(for: "fired", key: stage.key("a"))
    #expect(stage.messages("two").count == 1)
    #expect(daemon.logged("disconnected").isEmpty)
    try daemon.stop()
  }

  @Test func commandsSayWhereEachOptionIsFrom() throws {
    publish(
      #"{"queue": "reports", "priority": 3, "varies": true, "from": {"queue": "routes", "priority": "task"}}"#,
      #", "routers": ["proj.route"]"#)
    stage.set("a", schedule("a", #", "time_limit": 5"#))
    let shown = try stage.run("show", "a")
    #expect(shown.text.contains("queue reports, from the application's routes"))
    #expect(shown.text.contains("priority 3, from the application's task"))
    #expect(shown.text.contains("a router that is a function decided (proj.route)"))
    let json = try stage.run("show", "a", "--json").json
    #expect(json?["sending"]?["queue"]?["from"]?.text == "routes")
    #expect(json?["sending"]?["time_limit"]?["from"]?.text == "document")
    #expect(try stage.run("explain", "a").text.contains("queue reports, from the application's routes"))
    let set = try stage.run("set", "b", "--task", "reports.biuld", "--every", "1h")
    #expect(set.text.contains("has no such task"))
    let doctor = try stage.run("doctor")
    #expect(doctor.text.contains("proj has said how it sends 1 task"))
    stage.store("SET", Self.key, "{")
    #expect(try stage.run("doctor").text.contains("cannot be used, and does not count"))
  }
}
