import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// Each way in which a client can change a document raises an event, by which the running daemon takes the change in.
@Suite struct EditTests {
  private let stage: Stage
  private let daemon: Daemon

  /// When the daemon starts, `a` has an interval of one hour and `b` of two.
  init() throws {
    stage = try Stage()
    stage.set("a", schedule("a"))
    stage.set("b", schedule("b", every: "7200"))
    daemon = try stage.daemon()
  }

  private func key(_ name: String) -> String { stage.key(name) }

  /// The next due time of a log line, in seconds after the watermark, from which the interval counts.
  private func interval(_ line: LogLine, _ name: String) throws -> Int64 {
    let watermark = try #require(stage.watermark(name))
    return try line.time("next").microseconds(since: watermark.due) / 1_000_000
  }

  private func expectSilence(about name: String) throws {
    // A later edit of another key is logged later: by then all lines about this key are written.
    stage.set("later", schedule("later"))
    try daemon.wait(for: "loaded", key: key("later"))
    #expect(daemon.lines.filter { $0.key == key(name) }.map(\.message) == [])
  }

  @Test func set() throws {
    stage.set("c", schedule("c", every: "60"))
    let loaded = try daemon.wait(for: "loaded", key: key("c"))
    // The watermark is stored before the schedule can be due.
    #expect(eventually { stage.watermark("c") != nil })
    #expect(try interval(loaded, "c") == 60)
    stage.set("a", schedule("a", every: "90"))
    let changed = try daemon.wait(for: "changed", key: key("a"))
    // The log has whole milliseconds.
    let late = try changed.time("next").microseconds(since: changed.time("ts"))
    #expect(late < 90_001_000 && late > 0)
  }

  @Test func setOfTheSameBytes() throws {
    stage.set("a", schedule("a"))
    try expectSilence(about: "a")
  }

  @Test func delete() throws {
    stage.store("DEL", key("a"))
    try daemon.wait(for: "removed", key: key("a"))
    stage.set("a", schedule("a"))
    try daemon.wait(for: "loaded", key: key("a"))
  }

  @Test func unlink() throws {
    stage.store("UNLINK", key("a"), key("b"))
    try daemon.wait(for: "removed", key: key("a"))
    try daemon.wait(for: "removed", key: key("b"))
  }

  @Test func renameOut() throws {
    stage.store("RENAME", key("a"), "elsewhere")
    try daemon.wait(for: "removed", key: key("a"))
    #expect(daemon.logged("loaded", key: "elsewhere").isEmpty)
  }

  @Test func renameIn() throws {
    stage.store("SET", "elsewhere", schedule("c"))
    stage.store("RENAME", "elsewhere", key("c"))
    try daemon.wait(for: "loaded", key: key("c"))
  }

  @Test func renameOntoAnother() throws {
    stage.store("RENAME", key("a"), key("b"))
    try daemon.wait(for: "removed", key: key("a"))
    let changed = try daemon.wait(for: "changed", key: key("b"))
    // The log has whole milliseconds.
    let late = try changed.time("next").microseconds(since: changed.time("ts"))
    #expect(late < 3_600_001_000)
  }

  @Test func copy() throws {
    stage.store("COPY", key("a"), key("c"))
    try daemon.wait(for: "loaded", key: key("c"))
    stage.store("COPY", key("b"), key("a"), "REPLACE")
    try daemon.wait(for: "changed", key: key("a"))
  }

  @Test func moveFromAnotherDatabase() throws {
    let other = try stage.server.client()
    other("SELECT", "9")
    other("SET", key("c"), schedule("c"))
    #expect(other("MOVE", key("c"), "1")?.integer == 1)
    try daemon.wait(for: "loaded", key: key("c"))
    #expect(stage.store("MOVE", key("c"), "9")?.integer == 1)
    try daemon.wait(for: "removed", key: key("c"))
  }

  @Test func anotherDatabaseIsNotTheStore() throws {
    let other = try stage.server.client()
    other("SELECT", "9")
    other("SET", key("a"), schedule("a", every: "5"))
    try expectSilence(about: "a")
  }

  @Test func restore() throws {
    let dump = try #require(stage.store("DUMP", key("b"))?.bytes)
    #expect(stage.store.call([Array("RESTORE".utf8), Array(key("c").utf8), Array("0".utf8), dump])?.isOK == true)
    try daemon.wait(for: "loaded", key: key("c"))
    stage.store.call([Array("RESTORE".utf8), Array(key("a").utf8), Array("0".utf8), dump, Array("REPLACE".utf8)])
    try daemon.wait(for: "changed", key: key("a"))
  }

  @Test func expiry() throws {
    stage.store("PEXPIRE", key("a"), "20")
    try daemon.wait(for: "removed", key: key("a"))
    stage.store("SET", key("c"), schedule("c"), "PX", "20")
    try daemon.wait(for: "removed", key: key("c"))
  }

  @Test func persist() throws {
    stage.store("EXPIRE", key("a"), "100")
    stage.store("PERSIST", key("a"))
    try expectSilence(about: "a")
    #expect(stage.store("TTL", key("a"))?.integer == -1)
  }

  @Test func append() throws {
    let document = schedule("c")
    stage.store("SET", key("c"), String(document.prefix(40)))
    try daemon.wait(for: "rejected", key: key("c"))
    stage.store("APPEND", key("c"), String(document.dropFirst(40)))
    try daemon.wait(for: "loaded", key: key("c"))
  }

  @Test func setRange() throws {
    let document = schedule("a")
    let digits = try #require(document.firstRange(of: "3600"))
    let offset = document.utf8.distance(from: document.startIndex, to: digits.lowerBound)
    stage.store("SETRANGE", key("a"), "\(offset)", "1800")
    let changed = try daemon.wait(for: "changed", key: key("a"))
    // The log has whole milliseconds.
    let late = try changed.time("next").microseconds(since: changed.time("ts"))
    #expect(late < 1_800_001_000)
  }

  @Test func getSet() throws {
    stage.store("GETSET", key("a"), schedule("a", every: "90"))
    try daemon.wait(for: "changed", key: key("a"))
  }

  @Test func getDel() throws {
    stage.store("GETDEL", key("a"))
    try daemon.wait(for: "removed", key: key("a"))
  }

  @Test func severalAtOnce() throws {
    stage.store("MSET", key("a"), schedule("a", every: "90"), key("c"), schedule("c"), "other", "x")
    try daemon.wait(for: "changed", key: key("a"))
    try daemon.wait(for: "loaded", key: key("c"))
  }

  @Test func script() throws {
    stage.store(
      "EVAL", "redis.call('SET', KEYS[1], ARGV[1]) redis.call('DEL', KEYS[2])", "2", key("c"), key("b"), schedule("c"))
    try daemon.wait(for: "loaded", key: key("c"))
    try daemon.wait(for: "removed", key: key("b"))
  }

  @Test func transaction() throws {
    stage.store("MULTI")
    stage.store("SET", key("a"), schedule("a", every: "90"))
    stage.store("DEL", key("b"))
    stage.store("SET", key("c"), schedule("c"))
    #expect(daemon.logged("loaded", key: key("c")).isEmpty)
    stage.store("EXEC")
    try daemon.wait(for: "changed", key: key("a"))
    try daemon.wait(for: "removed", key: key("b"))
    try daemon.wait(for: "loaded", key: key("c"))
  }

  @Test func manyEditsOfOneKey() throws {
    for every in 1...200 { stage.set("a", schedule("a", every: "\(every)000")) }
    // However many of the edits were read one by one, the last one is in force.
    try daemon.wait(for: "changed", key: key("a")) { line in
      guard let next = try? line.time("next"), let now = try? line.time("ts") else { return false }
      return next.microseconds(since: now) > 199_000_000_000
    }
  }

  // MARK: other types

  /// Overwrites `a` so that its key has another type, and then sets it again.
  private func overwrite(with type: String, _ body: () -> Void) throws {
    body()
    #expect(stage.store("TYPE", key("a"))?.text == type)
    let rejected = try daemon.wait(for: "rejected", key: key("a"))
    #expect(rejected.reason.contains("Redis \(type)"))
    #expect(rejected.level == "warning")
    stage.set("a", schedule("a"))
    try daemon.wait(for: "loaded", key: key("a"))
  }

  @Test func listInItsPlace() throws {
    try overwrite(with: "list") {
      stage.store("MULTI")
      stage.store("DEL", key("a"))
      stage.store("LPUSH", key("a"), "x")
      stage.store("EXEC")
    }
  }

  @Test func setStoredOverIt() throws {
    stage.store("SADD", "members", "x")
    try overwrite(with: "set") { stage.store("SUNIONSTORE", key("a"), "members") }
  }

  @Test func sortedSetStoredOverIt() throws {
    stage.store("SADD", "members", "x")
    try overwrite(with: "zset") { stage.store("ZUNIONSTORE", key("a"), "1", "members") }
  }

  @Test func sortStoredOverIt() throws {
    stage.store("SADD", "members", "2", "1")
    try overwrite(with: "list") { stage.store("SORT", "members", "STORE", key("a")) }
  }

  @Test func hashInItsPlace() throws {
    try overwrite(with: "hash") {
      stage.store("EVAL", "redis.call('DEL', KEYS[1]) redis.call('HSET', KEYS[1], 'f', 'v')", "1", key("a"))
    }
  }

  // MARK: bad documents

  @Test func badDocumentHarmsOnlyItself() throws {
    stage.set("a", #"{"name": "a", "task": "t", "enabled": true, "interval": {"every": 1, "period": "minuts"}}"#)
    let rejected = try daemon.wait(for: "rejected", key: key("a"))
    #expect(rejected.reason.contains("minuts") && rejected.reason.contains("minutes"))
    stage.set("b", schedule("b", every: "90"))
    try daemon.wait(for: "changed", key: key("b"))
    stage.set("a", schedule("a"))
    try daemon.wait(for: "loaded", key: key("a"))
    #expect(daemon.isRunning)
  }

  @Test func rejectedDocumentGoes() throws {
    stage.set("a", "not JSON")
    try daemon.wait(for: "rejected", key: key("a"))
    stage.store("DEL", key("a"))
    try daemon.wait(for: "removed", key: key("a"))
  }

  @Test func disabled() throws {
    stage.set("a", schedule("a").replacing(#""enabled": true"#, with: #""enabled": false"#))
    #expect(try daemon.wait(for: "changed", key: key("a"))["next"] == "never")
    stage.set("a", schedule("a"))
    #expect(try daemon.wait(for: "changed", key: key("a"))["next"] != "never")
  }

  /// In a storm of edits many documents are read together, so that fires and heartbeats do not wait behind thousands of
  /// reads.
  @Test func aStormIsReadTogether() throws {
    let stage = try Stage()
    let count = 5000
    // The schedule stays the same, so that the watermarks do.
    func edit(_ task: String) {
      let pairs = (0..<count).flatMap { [stage.key("n\($0)"), schedule("n\($0)", task: task)] }
      stage.store.call((["MSET"] + pairs).map { Array($0.utf8) })
    }
    func scripts() throws -> Int {
      let info = try #require(stage.store("INFO", "commandstats")?.text)
      let line = try #require(info.split(separator: "\r\n").first { $0.hasPrefix("cmdstat_evalsha:calls=") })
      return try #require(Int(line.dropFirst("cmdstat_evalsha:calls=".count).prefix { $0 != "," }))
    }
    edit("one")
    let daemon = try stage.daemon()
    #expect(eventually { stage.store("HLEN", stage.watermarkKey)?.integer == Int64(count) })
    let before = try scripts()
    edit("two")
    #expect(eventually(within: 30) { daemon.told("changed") == count })
    #expect(try scripts() - before < count / 2)
    #expect(daemon.logged("disconnected").isEmpty)
  }
}
