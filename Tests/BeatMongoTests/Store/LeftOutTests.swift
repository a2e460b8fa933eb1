import Testing

@testable import BeatCore
@testable import BeatMongo

/// Documents that an old scheduler leaves out are told before a daemon's first session.
@Suite struct LeftOutTests {
  private let bench: EditorBench

  init() throws { bench = try EditorBench() }

  /// Documents as people write them, by hand and for celery-mongobeat.
  private func putRaw() throws {
    try bench.put(bench.schedule("raw"))
    try bench.put(bench.schedule("zero", [("max_run_count", 0)]))
    try bench.put(bench.schedule("zero point zero", [("max_run_count", .double(0))]))
    try bench.put(bench.schedule("one", [("max_run_count", 1)]))
    try bench.put(bench.schedule("off", [("max_run_count", 0)]))
    try bench.update("off", ["$set": ["enabled": false]])
    try bench.put(bench.schedule("silent", [("max_run_count", 0)]))
    try bench.update("silent", ["$unset": ["enabled": true]])
    // These are set aside.
    try bench.put(bench.schedule("no task", [("max_run_count", 0)]))
    try bench.update("no task", ["$unset": ["task": true]])
    try bench.put(["_id": 1, "task": "t", "enabled": true, "max_run_count": 0])
    try bench.put(["_id": 2, "name": 7, "task": "t", "enabled": true, "max_run_count": 0])
    try bench.put(["_id": 3, "name": ["a": "b"], "task": "t", "enabled": true, "max_run_count": 0])
  }

  private func makeIndexOfClasses() throws {
    _ = try bench.other.run(
      ["createIndexes": .text(bench.place.schedules), "indexes": [["key": ["_cls": 1], "name": "_cls_1"]]],
      on: bench.place.database)
  }

  @Test func documentsWithoutAClass() throws {
    try putRaw()
    try bench.put(bench.schedule("engine", [("_cls", "PeriodicTask"), ("max_run_count", 0)]))
    try bench.put(bench.schedule("engine's own", [("_cls", "PeriodicTask.Mine")]))
    try bench.put(bench.schedule("other", [("_cls", "PeriodicTasks")]))
    try bench.put(bench.schedule("odd", [("_cls", 1)]))
    // A copy of a collection has no index of classes.
    #expect(
      try bench.store.leftOut()?.words
        == "6 enabled documents have no _cls of PeriodicTask: celerybeat-mongo leaves them out, and here they run: "
        + "odd, one, other, raw, zero, zero point zero")
  }

  /// celerybeat-mongo has run here, and has found nothing.
  @Test func documentsOfWhichNoneHasAClass() throws {
    try bench.put(bench.schedule("raw"))
    #expect(try bench.store.leftOut() == nil)
    try makeIndexOfClasses()
    #expect(
      try bench.store.leftOut()?.words
        == "1 enabled document has no _cls of PeriodicTask: celerybeat-mongo leaves it out, and here it runs: raw")
  }

  @Test func documentsOfNoRuns() throws {
    try putRaw()
    #expect(
      try bench.store.leftOut()?.words
        == "2 enabled documents have a max_run_count of 0: celery-mongobeat leaves them out, and here they run: zero, "
        + "zero point zero")
  }

  @Test func onlyTheFirstSessionTells() throws {
    try putRaw()
    let opening = SessionOpening(place: bench.place)
    #expect(try opening.result(by: bench.other).leftOut?.count == 2)
    #expect(try opening.result(by: bench.other).leftOut == nil)
    #expect(try bench.store.leftOut() == nil)
  }

  /// What is told belongs to a session. One that is refused tells nobody, so the next one does.
  @Test func aRefusedSessionIsNotTheFirst() throws {
    try putRaw()
    let place = bench.place
    _ = try bench.other.run(
      ["createIndexes": .text(place.marks), "indexes": [["key": ["pending.seq": 1], "name": "pending"]]],
      on: place.database)
    let opening = SessionOpening(place: place)
    #expect(throws: MongoError.self) { try opening.result(by: bench.other) }
    _ = try bench.other.run(["dropIndexes": .text(place.marks), "index": "pending"], on: place.database)
    #expect(try opening.result(by: bench.other).leftOut?.count == 2)
  }

  /// Nothing depends on the search, so a refusal is no error.
  @Test func aRefusalIsNoError() throws {
    try putRaw()
    #expect(try LeftOutSearch(place: bench.place).result(by: bench.other) != nil)
    // The server takes no such time.
    #expect(try LeftOutSearch(place: bench.place, patience: -1).result(by: bench.other) == nil)
  }

  @Test func namesAreFew() {
    let names = (0..<LeftOutDocuments.most).map { EntryName("n\($0)") }
    #expect(LeftOutDocuments(.noClass, count: 12, names: names).words.hasSuffix("n8, n9 and 2 more"))
  }
}
