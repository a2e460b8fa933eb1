import Testing

@testable import BeatRedis
@testable import ReactiveBeat

/// How the daemon checks and changes `notify-keyspace-events`.
@Suite struct NotificationTests {
  /// The setting as Redis returns it, which may be spelled otherwise than it was set.
  private func setting(_ stage: Stage) throws -> String {
    try #require(stage.store("CONFIG", "GET", "notify-keyspace-events")?.array?.last?.text)
  }

  private func expectEdits(_ stage: Stage, _ daemon: Daemon) throws {
    stage.set("a", schedule("a"))
    try daemon.wait(for: "loaded", key: stage.key("a"))
    stage.store("SADD", "members", "x")
    stage.store("SUNIONSTORE", stage.key("a"), "members")
    try daemon.wait(for: "rejected", key: stage.key("a"))
  }

  /// All classes of the server. Redis 6.0 has no events of modules.
  private static let classes =
    RedisServer.hasChannelRights ? NotificationSetting.classes : NotificationSetting.classes.subtracting("d")

  /// Missing classes are added, classes that others have set stay, and both values are logged.
  @Test(arguments: ["", "Ex", "AE", "Kg$", "E$lt"] + (RedisServer.isRedis7 ? ["Kn"] : []))
  func missing(_ before: String) throws {
    let stage = try Stage(["--notify-keyspace-events", before])
    let was = try setting(stage)
    let daemon = try stage.daemon()
    let now = try setting(stage)
    #expect(Set(now).isSuperset(of: ["A", "K"]))
    #expect(now.contains("E") == was.contains("E"))
    let notice = try daemon.wait(for: "notifications")
    #expect(notice.level == "notice")
    #expect(notice.reason.hasPrefix("notify-keyspace-events was \"\(was)\" and is now \""))
    #expect(daemon.logged("notifications").count == 1)
    try expectEdits(stage, daemon)
  }

  /// With no class missing the daemon does not change the setting.
  @Test(arguments: ["KEA", "KA", "AK", "K" + String(classes.sorted())])
  func enough(_ before: String) throws {
    let stage = try Stage(["--notify-keyspace-events", before])
    let was = try setting(stage)
    let daemon = try stage.daemon()
    #expect(try setting(stage) == was)
    #expect(daemon.logged("notifications").isEmpty)
    #expect(stage.store("INFO", "commandstats")?.text?.contains("cmdstat_config|set") == false)
    try expectEdits(stage, daemon)
  }

  /// One class of events is switched off while the daemon runs, and the others still come: the daemon notices that,
  /// too.
  @Test(arguments: ["$", "g", "K"]) func oneIsTakenAway(_ letter: Character) throws {
    let stage = try Stage()
    let daemon = try stage.daemon()
    try daemon.wait(for: "leading")
    let others = Self.classes.union("K").filter { $0 != letter }
    #expect(stage.store("CONFIG", "SET", "notify-keyspace-events", String(others))?.isOK == true)
    stage.set("a", schedule("a"))
    try daemon.wait(for: "disconnected") { $0.reason.contains("heartbeat") }
    #expect(try daemon.wait(for: "reconnected").number("schedules") == 1)
    #expect(Set(try setting(stage)).isSuperset(of: ["A", "K"]))
    stage.set("a", schedule("a", every: "60"))
    try daemon.wait(for: "changed", key: stage.key("a"))
    stage.store("DEL", stage.key("a"))
    try daemon.wait(for: "removed", key: stage.key("a"))
  }

  /// Redis does not show the class of new keys beside a full list of classes. It must not get lost.
  @Test(.needsRedis7("events of new keys")) func newKeysOfOthersStay() throws {
    let stage = try Stage(["--notify-keyspace-events", "EAn"])
    let other = try stage.server.client()
    other("PSUBSCRIBE", "__keyevent@1__:new")
    let daemon = try stage.daemon()
    stage.set("a", schedule("a"))
    try daemon.wait(for: "loaded", key: stage.key("a"))
    var keys: [String] = []
    while !keys.contains(stage.key("a")), let message = other.reply() {
      if let key = message.array?.last?.text { keys.append(key) }
    }
    #expect(keys.contains(stage.key("a")))
  }
}
