import Testing

@testable import BeatCore
@testable import BeatRedis
@testable import ReactiveBeat

/// What commands say of an edit while no daemon runs is what a daemon does that starts later.
@Suite struct AbsentDaemonTests {
  private static let nightly =
    #"{"name": "nightly", "task": "t", "enabled": false, "crontab": {"minute": "0", "hour": "*"}, "args": []}"#

  /// The schedule was made disabled, and its time has passed. It is enabled while no daemon runs, so its next
  /// occurrence is after the edit, in `list` and in the watermark.
  @Test func anEditIsKeptWithItsMoment() throws {
    let stage = try Stage()
    stage.set("nightly", Self.nightly)
    let seen = UnixTime(microseconds: 1_700_000_000_000_000)
    let context = DocumentContext(defaultZone: .utc) { name throws(ZoneError) in
      throw ZoneError(zone: name, message: "none")
    }
    let document = try ScheduleDocument(Array(Self.nightly.utf8), context: context)
    let digest = EntryTiming(document.definition).digest
    stage.store(
      "HSET", stage.watermarkKey, "nightly",
      String(decoding: Watermark(due: seen, taskID: nil, totalRunCount: 0, digest: digest).bytes, as: UTF8.self))
    #expect(try stage.run("enable", "nightly").exit == .status(0))
    let watermark = try #require(stage.watermark("nightly"))
    #expect(watermark.due > seen && watermark.digest != digest && watermark.taskID == nil)
    let list = try stage.run("list")
    #expect(list.text.contains("nightly") && !list.text.contains("overdue"), "\(list.text)")
    // Another client's edit, which no daemon has heard, has the same effect.
    stage.set("nightly", Self.nightly.replacing("false", with: "true").replacing(#""0""#, with: #""*""#))
    #expect(try !stage.run("list").text.contains("overdue"))
  }

  @Test func aNewOneWasSeenWhenItWasMade() throws {
    let stage = try Stage()
    #expect(try stage.run("set", "a", "--task", "t", "--every", "1h").exit == .status(0))
    let made = try #require(stage.watermark("a"))
    #expect(made.taskID == nil && made.digest != nil)
    #expect(try stage.run("set", "a", "--queue", "q").exit == .status(0))
    #expect(stage.watermark("a") == made)
    #expect(try stage.run("rm", "--yes", "a").exit == .status(0))
    #expect(stage.watermark("a") == made.ofGone)
  }

  /// A daemon fired between the read and the save: the watermark that was read is not stored any more, so the save is
  /// refused.
  @Test func aWatermarkOfThatMomentStays() throws {
    let stage = try Stage()
    #expect(try stage.run("set", "a", "--task", "t", "--every", "1h").exit == .status(0))
    let script = String(decoding: PackageResources.save_lua, as: UTF8.self)
    let document = try #require(stage.document("a"))
    func save(_ seen: String) -> RedisReply? {
      stage.store("EVAL", script, "2", stage.key("a"), stage.watermarkKey, "1", document, "{}", "a", seen, "new")
    }
    #expect(save("another")?.array?.first?.text == "CHANGED")
    #expect(stage.document("a") == document)
    #expect(save(String(decoding: stage.watermark("a")?.bytes ?? [], as: UTF8.self))?.array?.first?.text == "OK")
    #expect(stage.store("HGET", stage.watermarkKey, "a")?.text == "new")
  }
}
