import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// Two daemons use one store: each occurrence is sent once, whichever daemon is the first.
@Suite struct TwoDaemonsTests {
  private static let names = (0..<5).map { "n\($0)" }

  private func expectOnce(_ stage: Stage, every microseconds: Int64) throws {
    var messages = stage.messages().map(\.id)
    for name in Self.names {
      let watermark = try #require(stage.watermark(name))
      let expected = stage.taskIDs(name, last: watermark.due, every: microseconds, count: Int(watermark.totalRunCount))
      #expect(messages.filter(Set(expected).contains) == expected)
      messages.removeAll(where: Set(expected).contains)
      #expect(stage.document(name)?.contains(#""total_run_count": \#(watermark.totalRunCount)"#) == true)
    }
    #expect(messages.isEmpty, "messages of no occurrence")
  }

  @Test func eachOccurrenceOnce() throws {
    let stage = try Stage()
    let daemons = try (stage.daemon(), stage.daemon())
    for name in Self.names { stage.set(name, schedule(name, every: "0.2", #", "catchup": "all""#)) }
    #expect(eventually { Self.names.allSatisfy { (stage.watermark($0)?.totalRunCount ?? 0) >= 15 } })
    for daemon in [daemons.0, daemons.1] { #expect(try daemon.stop() == .status(0)) }
    try expectOnce(stage, every: 200_000)
    #expect(daemons.0.logged("deferred").isEmpty && daemons.1.logged("deferred").isEmpty)
    #expect(daemons.0.logged("skipped").isEmpty && daemons.1.logged("skipped").isEmpty)
  }

  /// One daemon is killed: the other goes on as if it had been alone.
  @Test func oneIsKilled() throws {
    let stage = try Stage()
    for name in Self.names { stage.set(name, schedule(name, every: "0.1", #", "catchup": "all""#)) }
    let survivor = try stage.daemon()
    for round in 1...3 {
      let other = try stage.daemon()
      #expect(eventually { (stage.watermark("n0")?.totalRunCount ?? 0) >= Int64(round * 4) })
      try other.kill()
    }
    #expect(eventually { Self.names.allSatisfy { (stage.watermark($0)?.totalRunCount ?? 0) >= 15 } })
    try survivor.stop()
    try expectOnce(stage, every: 100_000)
  }

  /// An edit is in force in both daemons.
  @Test func editReachesBoth() throws {
    let stage = try Stage()
    stage.set("a", schedule("a", every: "0.1"))
    let daemons = try [stage.daemon(), stage.daemon()]
    #expect(eventually { (stage.watermark("a")?.totalRunCount ?? 0) >= 3 })
    stage.set("a", schedule("a", every: "60"))
    for daemon in daemons {
      try daemon.wait(for: "changed", key: stage.key("a")) { line in
        guard let next = try? line.time("next"), let now = try? line.time("ts") else { return false }
        return next.microseconds(since: now) > 50_000_000
      }
    }
  }

  /// Two daemons with different options lead in turns. The leader's options are in force, and each occurrence still
  /// comes once.
  @Test func ofDifferentConfigurations() throws {
    let stage = try Stage()
    for name in Self.names { stage.set(name, schedule(name, every: "0.1", #", "catchup": "all""#)) }
    let first = try stage.daemon(["CELERY_TASK_DEFAULT_QUEUE": "one", "CELERY_TIMEZONE": "Europe/Berlin"])
    try first.wait(for: "leading")
    let second = try stage.daemon(["CELERY_TASK_DEFAULT_QUEUE": "two", "BEAT_WATCH_LEASE_TTL": "2"])
    #expect(stage.fires(Self.names, 3))
    #expect(stage.messages("two").isEmpty)
    try first.stop()
    try second.wait(for: "leading")
    #expect(stage.fires(Self.names, 3))
    try second.stop()
    #expect(!stage.messages("two").isEmpty)
    let ids = (stage.messages("one") + stage.messages("two")).map(\.id)
    #expect(Set(ids).count == ids.count)
    for name in Self.names {
      let watermark = try #require(stage.watermark(name))
      let expected = stage.taskIDs(name, last: watermark.due, every: 100_000, count: Int(watermark.totalRunCount))
      #expect(Set(expected).isSubset(of: ids))
    }
  }
}
