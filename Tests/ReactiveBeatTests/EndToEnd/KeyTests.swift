import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// Redis' keys are arbitrary bytes: documents under all of them are heard, fired and written back.
@Suite struct KeyTests {
  static let names: [[UInt8]] = [
    Array("with space".utf8), Array("two\nlines\r\n".utf8), Array("glob*[a-z]?\\".utf8), Array("größe ☃".utf8),
    [0xFF, 0xFE, 0x00, 0x80], Array("".utf8), Array("a:b:c".utf8), Array("%s%n\"'{}".utf8),
  ]

  @Test(arguments: names) func anyBytes(_ name: [UInt8]) throws {
    let stage = try Stage()
    let daemon = try stage.daemon()
    let key = Array(stage.prefix.utf8) + name
    let shown = "tasks:meta:\(EntryName(name))"
    stage.store.call([Array("SET".utf8), key, Array(schedule("n", atOnce).utf8)])
    try daemon.wait(for: "loaded", key: shown)
    let fired = try daemon.wait(for: "fired", key: shown)
    #expect(stage.messages().map(\.id) == [fired["id"]])
    let document = stage.store.call([Array("GET".utf8), key])?.text
    #expect(document?.contains(#""total_run_count": 1"#) == true)
    let watermark = stage.store.call([Array("HGET".utf8), Array(stage.watermarkKey.utf8), name])?.bytes.flatMap {
      Watermark($0)
    }
    #expect(watermark?.taskID?.description == fired["id"])
    stage.store.call([Array("DEL".utf8), key])
    try daemon.wait(for: "removed", key: shown)
    // A name with a line break still gives one line of the log.
    #expect(daemon.otherLines.isEmpty)
    try daemon.stop()
  }

  /// In the log for people, too, a name or a value cannot begin a line of its own.
  @Test func noLineIsForged() throws {
    let stage = try Stage()
    let daemon = try stage.launch(["BEAT_WATCH_LOG_FORMAT": "text"])
    let forged = "x\n2026-01-01T00:00:00.000Z notice stopped \u{1B}[2J\r\u{2028}y"
    stage.set(forged, schedule("n", atOnce))
    stage.set("task", schedule("task", task: #"a\n2026-01-01T00:00:00.000Z notice stopped"#, atOnce))
    let zone = #"x\n2026-01-01T00:00:00.000Z notice stopped"#
    stage.set("bad", #"{"name": "b", "task": "t", "enabled": true, "crontab": {}, "timezone": "\#(zone)"}"#)
    #expect(eventually { stage.messages().count == 2 })
    #expect(eventually { daemon.output.contains(" warning rejected ") })
    try daemon.stop()
    for line in daemon.otherLines {
      #expect(
        line.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (notice|info|warning|error) .*/) != nil, "\(line)")
      #expect(!line.hasPrefix("2026-01-01T00:00:00.000Z"))
      #expect(!line.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x2028 }, "\(line)")
    }
    #expect(daemon.otherLines.count { $0.contains(" stopped ") && $0.contains("fired=") } == 1)
  }

  /// The full load finds the same names.
  @Test func anyBytesAtStart() throws {
    let stage = try Stage()
    for name in Self.names {
      stage.store.call([Array("SET".utf8), Array(stage.prefix.utf8) + name, Array(schedule("n", atOnce).utf8)])
    }
    let daemon = try stage.launch()
    #expect(try daemon.wait(for: "ready").number("schedules") == Double(Self.names.count))
    for name in Self.names { try daemon.wait(for: "fired", key: "tasks:meta:\(EntryName(name))") }
    #expect(stage.messages().count == Self.names.count)
  }

  /// There are more documents than one step of SCAN or one read takes, beside many keys that are no documents.
  @Test func thousandsOfDocuments() throws {
    let stage = try Stage()
    let pairs = (0..<3000).flatMap { [stage.key("n\($0)"), schedule("n\($0)")] }
    stage.store.call((["MSET"] + pairs).map { Array($0.utf8) })
    let others = (0..<3000).flatMap { ["other:\($0)", "x"] }
    stage.store.call((["MSET"] + others).map { Array($0.utf8) })
    stage.set("last", schedule("last", atOnce))
    let daemon = try stage.launch()
    #expect(try daemon.wait(for: "ready").number("schedules") == 3001)
    try daemon.wait(for: "fired", key: stage.key("last"))
    #expect(eventually { stage.store("HLEN", stage.watermarkKey)?.integer == 3001 })
  }

  /// The pattern of the subscription takes the prefix literally.
  @Test(arguments: ["a*[b]?\\c:", "[a-z]*:", "tasks meta ☃:", "x\\"])
  func prefixIsNoPattern(_ prefix: String) throws {
    let server = try RedisServer()
    let stage = try Stage(on: server, prefix: prefix)
    stage.set("old", schedule("old"))
    // Each of these keys would match if the prefix were a pattern.
    let others = ["aXXbYc:n", "b:n", "az:n", "xn"]
    for other in others where !other.hasPrefix(prefix) { stage.store("SET", other, schedule("other", atOnce)) }
    let daemon = try stage.launch()
    #expect(try daemon.wait(for: "ready").number("schedules") == 1)
    for other in others where !other.hasPrefix(prefix) {
      stage.store("SET", other, schedule("other", every: "60", atOnce))
    }
    stage.set("n", schedule("n", atOnce))
    try daemon.wait(for: "fired", key: "\(EntryName(stage.key("n")))")
    #expect(daemon.logged("loaded").compactMap(\.key) == ["\(EntryName(stage.key("n")))"])
    #expect(stage.messages().count == 1)
  }

  /// The daemon's own keys are no documents, with an empty prefix either.
  @Test func ownKeysAreNoDocuments() throws {
    let server = try RedisServer()
    let stage = try Stage(on: server, prefix: "reactivebeat:")
    stage.set("n", schedule("n", atOnce))
    let daemon = try stage.daemon()
    try daemon.wait(for: "fired", key: stage.key("n"))
    #expect(daemon.logged("rejected").isEmpty)
    let other = try stage.daemon()
    #expect(other.logged("rejected").isEmpty)
    #expect(other.logged("ready").first?.number("schedules") == 1)
  }
}
