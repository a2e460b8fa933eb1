import BeatLoop
import Glibc
import Testing

@testable import BeatCore
@testable import BeatMongo

/// Edits of schedules beside those of other users.
@Suite struct SaveTests {
  private let bench: EditorBench
  private var store: MongoStoreClient { bench.store }

  init() throws { bench = try EditorBench() }

  private func save(
    _ bytes: [UInt8], over seen: [UInt8]?, _ watermark: WatermarkChange? = nil, as name: String = "a"
  ) throws -> Bool {
    try store.save(bytes, as: EntryName(name), inPlaceOf: seen, watermark: watermark)
  }

  @Test func whatAnEditDoesNotTouchKeepsItsTypes() throws {
    var writer = BSONWriter()
    writer.add("oid", objectID: [UInt8](0..<12))
    writer.add("bytes", binary: [1, 2, 3], subtype: 4)
    writer.add("regex", pattern: "^a", options: "i")
    writer.add("decimal", BSONDecimal(high: 0x3040_0000_0000_0000, low: 12))
    let odd = writer.document
    let before = bench.schedule(
      "a",
      [
        ("last_run_at", .milliseconds(1_772_452_800_123)), ("long", .int64(7)), ("double", .double(7)),
        ("kwargs", ["when": .milliseconds(1_772_452_800_000), "n": .int64(1)]),
      ] + odd.members.map { (String(decoding: $0.nameBytes, as: UTF8.self), .value($0.value)) })
    try bench.put(before)
    let text = try #require(try bench.text("a"))
    var editor = try DocumentEditor(text)
    editor.set("enabled", to: "false")
    editor.set("queue", to: #""low""#)
    editor.remove("total_run_count")
    #expect(try save(editor.bytes, over: text))
    let after = try #require(try bench.stored("a").first)
    let kept = before.members.filter { !$0.isNamed("enabled") && !$0.isNamed("total_run_count") }
    for member in kept {
      let name = String(decoding: member.nameBytes, as: UTF8.self)
      #expect(after[name].isSame(as: member.value), "\(name)")
    }
    #expect(after["enabled"]?.bool == false && after["queue"]?.text == "low" && after["total_run_count"] == nil)
    #expect(after.members.map { $0 }.count == kept.count + 2)
    #expect(try bench.text("a") == editor.bytes)
  }

  @Test func anEditOfAnOldDocumentIsRefused() throws {
    try bench.put(bench.schedule("a"))
    let text = try #require(try bench.text("a"))
    try bench.update("a", ["$set": ["task": "other"]])
    #expect(try !save(bench.edited(text, "enabled", "false"), over: text))
    #expect(try !save(text, over: nil))
    #expect(try !store.delete(EntryName("a"), seen: text, watermark: nil))
    #expect(try bench.stored("a").first?["enabled"]?.bool == true)
    #expect(try !save(text, over: text, as: "b"))
    #expect(try bench.stored("b").isEmpty)
  }

  /// Both count up the same field, and each its own one.
  @Test func noEditIsLostBesideOthers() throws {
    let rounds: Int64 = 60
    try bench.put(bench.schedule("a", [("both", .int64(0)), ("ours", .int64(0)), ("theirs", .int64(0))]))
    let (server, place) = (bench.bench.server, bench.place)
    let ends = Collected<String>()
    try OwnThread.start {
      do {
        let client = try MongoClient(MongoURL(server.url("directConnection=true")))
        for _ in 0..<rounds {
          _ = try client.run(
            [
              "update": .text(place.schedules),
              "updates": [["q": ["name": "a"], "u": ["$inc": ["both": 1, "theirs": 1]]]],
            ], on: place.database)
          usleep(1000)
        }
      } catch { ends.add("\(error)") }
      ends.end()
    }
    for _ in 0..<rounds {
      while true {
        let text = try #require(try bench.text("a"))
        var editor = try DocumentEditor(text)
        for field in ["both", "ours"] {
          let number = try #require(editor.value(field).flatMap { Int64(String(decoding: $0, as: UTF8.self)) })
          editor.set(field, to: "\(number + 1)")
        }
        if try save(editor.bytes, over: text) { break }
      }
    }
    #expect(eventually { ends.ends == 1 })
    #expect(ends.all == [])
    let after = try #require(try bench.stored("a").first)
    #expect(
      [after["both"], after["ours"], after["theirs"]].map { $0?.integer } == [2 * rounds, rounds, rounds])
  }

  @Test func theWatermarkGoesWithTheEdit() throws {
    try bench.put(bench.schedule("a"))
    let text = try #require(try bench.text("a"))
    let old = try bench.marked("a", 1_772_452_800, ["seq"].map { ("pending", [[$0: .int64(5)]]) })
    var new = old
    new.digest = ScheduleDigest(text: "0000000b")
    var strange = old
    strange.due = UnixTime(seconds: 1)
    let edited = try bench.edited(text, "enabled", "false")
    #expect(try !save(edited, over: text, WatermarkChange(seen: strange, new: new)))
    #expect(try bench.text("a") == text)
    #expect(try bench.markText("a") == String(decoding: old.bytes, as: UTF8.self))
    #expect(try save(edited, over: text, WatermarkChange(seen: old, new: new)))
    #expect(try bench.markText("a") == String(decoding: new.bytes, as: UTF8.self))
    #expect(try bench.mark("a")?["pending"]?["0"]?["seq"]?.integer == 5)
    // One who has seen none leaves what stands there.
    #expect(try save(text, over: edited, WatermarkChange(seen: nil, new: old)))
    #expect(try bench.markText("a") == String(decoding: new.bytes, as: UTF8.self))
    // A new schedule gets its own.
    #expect(try save(text, over: nil, WatermarkChange(seen: nil, new: old), as: "b"))
    #expect(try bench.markText("b") == String(decoding: old.bytes, as: UTF8.self))
    #expect(try bench.mark("b")?["of"].isSame(as: bench.stored("b").first?["_id"]) == true)
  }

  @Test func aNewDocumentHasItsScheduleName() throws {
    let text = Array(#"{"task": "t", "interval": {"every": 1, "period": "hours"}, "args": [1, 2.5]}"#.utf8)
    #expect(try save(text, over: nil))
    #expect(try !save(text, over: nil))
    let stored = try #require(try bench.stored("a").first)
    #expect(stored["_id"]?.type == .objectID && stored["args"]?["1"]?.double == 2.5)
    let whole = try #require(try bench.text("a"))
    #expect(
      String(decoding: whole, as: UTF8.self) == #"{"name": "a", "# + String(decoding: text.dropFirst(), as: UTF8.self))
    // Under an index as celerybeat-mongo makes it, too.
    try bench.bench.server.python("c.celery.schedules.create_index('name', unique=True)")
    #expect(try !save(text, over: nil))
    #expect(try save(text, over: nil, as: "b"))
  }

  @Test func ofSeveralWhoMakeAScheduleOneSucceeds() throws {
    let (server, place) = (bench.bench.server, bench.place)
    let rounds = 25
    let made = Collected<Int>()
    for _ in 0..<3 {
      try OwnThread.start {
        defer { made.end() }
        guard let store = try? StoreBench.editor(server, place) else { return }
        for round in 0..<rounds {
          while made.started < round * 3 { usleep(100) }
          let text = Array(#"{"task": "t", "enabled": true}"#.utf8)
          if (try? store.save(text, as: EntryName("s\(round)"), inPlaceOf: nil, watermark: nil)) == true {
            made.add(round)
          }
          made.start()
        }
      }
    }
    #expect(eventually { made.ends == 3 })
    #expect(made.all.sorted() == Array(0..<rounds))
    for round in 0..<rounds { #expect(try bench.stored("s\(round)").count == 1) }
  }

  @Test func whatMongoDBCannotHoldIsRefused() throws {
    try bench.put(bench.schedule("a"))
    let text = try #require(try bench.text("a"))
    for (field, json) in [("name", #""b""#), ("n", "123456789012345678901234567890"), ("$set", "1")] {
      let error = try #require(throws: StoreError.self) { try save(bench.edited(text, field, json), over: text) }
      #expect(error.kind == .unsuitable && error.message.contains(field), "\(error)")
    }
    #expect(try bench.text("a") == text)
  }

  @Test func anAnsweredRequestIsNoNewOne() throws {
    try bench.putAnsweredRequest("a")
    let text = try #require(try bench.text("a"))
    #expect(try DocumentEditor(text).value("run_immediately").map { String(decoding: $0, as: UTF8.self) } == "false")
    #expect(try save(bench.edited(text, "run_immediately", "true"), over: text))
    // This one is new.
    let now = try #require(try bench.text("a"))
    #expect(try DocumentEditor(now).value("run_immediately").map { String(decoding: $0, as: UTF8.self) } == "true")
    #expect(try bench.stored("a").first?["total_run_count"]?.integer == 1)
  }

  @Test func aDeletionIsToldInTheWatermark() throws {
    try bench.put(bench.schedule("a", [("odd", ["a.b": 1, "$c": .double(0.1)])]))
    let text = try #require(try bench.text("a"))
    let mark = try bench.marked("a", 1_772_452_800)
    var strange = mark
    strange.totalRunCount = 9
    #expect(try !store.delete(EntryName("a"), seen: text, watermark: strange))
    #expect(try store.delete(EntryName("a"), seen: text, watermark: mark))
    #expect(try bench.stored("a").isEmpty)
    #expect(try bench.markText("a") == String(decoding: mark.ofGone.bytes, as: UTF8.self))
    #expect(try !store.delete(EntryName("a"), seen: text, watermark: mark))
  }

  @Test func noDeletionTakesAnEditAlong() throws {
    let (server, place) = (bench.bench.server, bench.place)
    for round in 0..<15 {
      let name = "d\(round)"
      try bench.put(bench.schedule(name, [("n", .int64(0))]))
      let edits = Collected<Int64>()
      try OwnThread.start {
        defer { edits.end() }
        guard let client = try? MongoClient(MongoURL(server.url("directConnection=true"))) else { return }
        while true {
          let reply = try? client.write(
            ["update": .text(place.schedules), "updates": [["q": ["name": .text(name)], "u": ["$inc": ["n": 1]]]]],
            on: place.database)
          guard reply?.count == 1 else { return }
          edits.add(1)
          usleep(2000)
        }
      }
      #expect(eventually { edits.all.count > 2 })
      var seen: [UInt8] = []
      repeat {
        seen = try #require(try bench.text(name))
      } while try !store.delete(EntryName(name), seen: seen, watermark: nil)
      #expect(eventually { edits.ends == 1 })
      #expect(try DocumentEditor(seen).value("n").map { String(decoding: $0, as: UTF8.self) } == "\(edits.all.count)")
    }
  }

  @Test func aPageOfDocumentsIsWritten() throws {
    for name in ["same", "other", "edited"] { try bench.put(bench.schedule(name)) }
    func wanted(_ name: String, _ count: Int) -> (name: EntryName, document: [UInt8]) {
      let text =
        #"{"name": "\#(name)", "task": "proj.tasks.add", "interval": {"every": 10, "period": "seconds"}, "#
        + #""enabled": true, "total_run_count": \#(count)}"#
      return (EntryName(name), Array(text.utf8))
    }
    let documents = [wanted("same", 0), wanted("other", 5), wanted("new", 1), wanted("new", 2)]
    #expect(try store.outlook(documents, replacing: true) == [.same, .replaced, .created, .created])
    #expect(try store.outlook(documents, replacing: false) == [.same, .same, .created, .created])
    var outcomes: [Int: WriteOutcome] = [:]
    try store.write(documents, replacing: true, context: Sample.context) { outcomes[$0] = $1 }
    #expect(outcomes == [0: .same, 1: .replaced, 2: .created, 3: .changed])
    #expect(try bench.stored("other").first?["total_run_count"]?.integer == 5)
    #expect(try bench.stored("new").map { $0["total_run_count"]?.integer } == [1])
    outcomes = [:]
    try store.write([wanted("new", 3), wanted("newer", 1)], replacing: false, context: Sample.context) {
      outcomes[$0] = $1
    }
    #expect(outcomes == [0: .same, 1: .created])
    let many = (0..<200).map { wanted("m\($0)", $0) }
    var made = 0
    try store.write(many, replacing: true, context: Sample.context) { if $1 == .created { made += $0 >= 0 ? 1 : 0 } }
    #expect(made == 200)
    let again = (0..<200).map { wanted("m\($0)", $0 + 1) }
    var replaced = 0
    try store.write(again, replacing: true, context: Sample.context) {
      if $1 == .replaced { replaced += $0 >= 0 ? 1 : 0 }
    }
    #expect(replaced == 200)
  }
}
