import BeatLoop
import Glibc
import Testing

@testable import BeatCore
@testable import BeatMongo

/// Renames, which change three documents one after the other.
@Suite struct RenameTests {
  private let bench: EditorBench
  private let a = EntryName("a")
  private let b = EntryName("b")
  private var store: MongoStoreClient { bench.store }

  init() throws { bench = try EditorBench() }

  @Test func theWatermarkGoesWithTheName() throws {
    try bench.put(bench.schedule("a"))
    let mark = try bench.marked("a", 1_772_452_800, [("pending", [["seq": .int64(5)]])])
    #expect(try store.rename(a, to: b) == .renamed)
    #expect(try bench.stored("a").isEmpty)
    #expect(try bench.stored("b").map { $0["_id"]?.text } == ["id of a"])
    #expect(try bench.markText("b") == String(decoding: mark.bytes, as: UTF8.self))
    #expect(try bench.markText("a") == String(decoding: mark.ofGone.bytes, as: UTF8.self))
    // What waits for the broker is sent under the old name.
    #expect(try bench.mark("a")?["pending"]?["0"]?["seq"]?.integer == 5)
    #expect(try bench.mark("a")?["moved"] == nil && bench.mark("b")?["pending"] == nil)
    #expect(try store.rename(a, to: b) == .gone)
  }

  @Test func aScheduleWithoutAWatermarkHasNoneAfterwards() throws {
    try bench.put(bench.schedule("a"))
    // Of an earlier schedule of this name.
    try bench.marked("b", 1_872_452_800)
    #expect(try store.rename(a, to: b) == .renamed)
    #expect(try bench.markText("b") == nil)
    #expect(try bench.mark("a")?["moved"] == nil)
    // And a newer watermark of an earlier schedule does not hold this one up.
    try bench.marked("a", 1_872_452_800)
    let mark = try bench.marked("b", 1_772_452_800)
    #expect(try store.rename(b, to: a) == .renamed)
    #expect(try bench.markText("a") == String(decoding: mark.bytes, as: UTF8.self))
  }

  @Test func aTakenNameStays() throws {
    try bench.put(bench.schedule("a"))
    try bench.put(bench.schedule("b"))
    let mark = try bench.marked("a", 1_772_452_800)
    let other = try bench.marked("b", 1_772_452_900)
    #expect(try store.rename(a, to: b) == .exists)
    #expect(try store.rename(a, to: a) == .exists)
    #expect(try bench.markText("a") == String(decoding: mark.bytes, as: UTF8.self))
    #expect(try bench.markText("b") == String(decoding: other.bytes, as: UTF8.self))
    #expect(try bench.mark("a")?["moved"] == nil)
  }

  @Test func documentsThatDoNotRunCanBeRenamed() throws {
    try bench.put(bench.schedule("a"))
    try bench.put(["_id": "z", "name": "a", "task": "second"])
    try bench.put(["_id": "n", "task": "nameless"])
    let mark = try bench.marked("a", 1_772_452_800, [("of", "id of a")])
    let names = try store.names()
    #expect(names.map(\.description) == [#"(second document of a, _id "z")"#, #"(without a name, _id "n")"#, "a"])
    #expect(
      names.map { "\(EntryName(store.place(of: $0)))" } == [
        #"celery.schedules {_id: "z"}"#, #"celery.schedules {_id: "n"}"#, #"celery.schedules {name: "a"}"#,
      ])
    let contents = try store.documents(names).map { $0.read.content }
    #expect(
      contents.map { content in
        if case .unusable(let what) = content { what.found } else { "" }
      } == ["a second document of one name", "a document without a name", ""])
    var skipped: [EntryName] = []
    #expect(try store.contents(names) { name, _ in skipped.append(name) }.map { $0 == nil } == [true, true, false])
    #expect(skipped == Array(names.prefix(2)))
    #expect(try store.rename(names[0], to: a) == .exists)
    #expect(try store.rename(names[0], to: b) == .renamed)
    #expect(try store.rename(names[1], to: EntryName("c")) == .renamed)
    #expect(try store.names().map(\.description) == ["a", "b", "c"])
    #expect(try bench.stored("b").map { $0["task"]?.text } == ["second"])
    #expect(try bench.stored("c").map { $0["task"]?.text } == ["nameless"])
    #expect(try bench.markText("a") == String(decoding: mark.bytes, as: UTF8.self))
  }

  @Test func aRenameThatHasDiedRunsOut() throws {
    try bench.put(bench.schedule("a"))
    let now = try store.time()
    let until: BSON = ["moved": ["to": "b", "until": .int64(ServerTime.milliseconds(now) + 700)]]
    guard case .fields(let moved) = until else { return }
    let mark = try bench.marked("a", 1_772_452_800, moved)
    #expect(try store.document(a).isAbsent)
    // Another one waits for its end.
    #expect(try store.rename(a, to: EntryName("c")) == .renamed)
    #expect(try store.time() >= now.advanced(by: 600_000))
    #expect(try bench.markText("c") == String(decoding: mark.bytes, as: UTF8.self))
    #expect(try bench.mark("a")?["moved"] == nil)
    // A reader takes out what has run out, for a daemon could not fire else.
    let old: BSON = ["to": "b", "until": .int64(ServerTime.milliseconds(now))]
    try bench.marked("c", 1_772_452_800, [("moved", old)])
    #expect(try !store.document(EntryName("c")).isAbsent)
    #expect(try bench.mark("c")?["moved"] == nil)
  }

  /// A daemon fires each second of a schedule that is renamed to and fro.
  @Test func underFiresNothingIsFiredTwiceOrLeftOut() throws {
    let start: Int64 = 1_772_452_800
    try bench.put(bench.schedule("a"))
    try bench.marked("a", start)
    let (server, place) = (bench.bench.server, bench.place)
    let fired = Collected<Int64>()
    let context = bench.bench.context(as: "d")
    try OwnThread.start {
      defer { fired.end() }
      guard let client = try? MongoClient(MongoURL(server.url("directConnection=true"))) else { return }
      _ = try? SessionOpening(place: place).result(by: client)
      while fired.started == 0 {
        for name in ["a", "b"] { if let due = Self.fire(name, context, client) { fired.add(due) } }
      }
    }
    var name = a
    for _ in 0..<40 {
      let other = name == a ? b : a
      #expect(try store.rename(name, to: other) == .renamed)
      name = other
      let count = fired.all.count
      #expect(eventually { fired.all.count > count })
    }
    fired.start()
    #expect(eventually { fired.ends == 1 })
    let all = fired.all
    #expect(all == Array((start + 1)..<(start + 1 + Int64(all.count))))
    #expect(all.count >= 40)
  }

  /// Fires the second after the watermark.
  ///
  /// - Returns: which one; nil: nothing was fired.
  private static func fire(_ name: String, _ context: MongoSessionContext, _ client: MongoClient) -> Int64? {
    let read = ScheduleRead(context: context, places: [.name(EntryName(name))])
    guard let found = try? read.result(by: client).reads.first, let text = found.text, let mark = found.watermark,
      var editor = try? DocumentEditor(text)
    else { return nil }
    let due = mark.due.advanced(by: 1_000_000)
    editor.set("total_run_count", to: "\(due.microseconds / 1_000_000)")
    let id = TaskID(text: "\(name) \(due)")
    let plan = FirePlan(
      entry: EntryName(name), task: "t", taskID: id, due: due, oldDocument: text, newDocument: editor.bytes,
      message: [],
      route: .queue("q"), priority: 0,
      watermark: Watermark(due: due, taskID: id, totalRunCount: mark.totalRunCount, digest: mark.digest),
      reason: .schedule)
    guard case .fired? = try? FireCommit(context: context, token: "").result(of: [plan], by: client).outcomes.first
    else {
      return nil
    }
    return due.microseconds / 1_000_000
  }
}
