import Testing

@testable import BeatCore
@testable import BeatMongo

/// Documents that the scheduler before this one left out are told before a daemon's first start.
@Suite struct LeftOutTests {
  private let bench: EditorBench

  init() throws { bench = try EditorBench() }

  private func fill(isOfEngine: Bool) throws {
    try bench.put(bench.schedule("engine", [("_cls", "PeriodicTask"), ("max_run_count", 0)]))
    try bench.put(bench.schedule("engine's own", [("_cls", "PeriodicTask.Mine")]))
    try bench.put(bench.schedule("raw"))
    try bench.put(bench.schedule("zero", [("max_run_count", 0)]))
    try bench.put(bench.schedule("other", [("_cls", "Report")]))
    try bench.put(bench.schedule("off"))
    try bench.update("off", ["$set": ["enabled": false]])
    guard isOfEngine else { return }
    _ = try bench.other.run(
      ["createIndexes": .text(bench.place.schedules), "indexes": [["key": ["_cls": 1], "name": "_cls_1"]]],
      on: bench.place.database)
  }

  @Test func documentsWithoutAClass() throws {
    try fill(isOfEngine: true)
    let found = try #require(try bench.store.leftOut())
    #expect(found.count == 3)
    #expect(
      found.words
        == "3 enabled documents have no _cls of PeriodicTask, so celerybeat-mongo left them out, and they run here: "
        + #""other", "raw", "zero""#)
  }

  @Test func documentsOfNoRuns() throws {
    try fill(isOfEngine: false)
    #expect(
      try bench.store.leftOut()?.words
        == "1 enabled document has a max_run_count of 0, so celery-mongobeat left it out, and it runs here: \"zero\"")
  }

  @Test func onlyTheFirstSessionTells() throws {
    try fill(isOfEngine: true)
    let opening = SessionOpening(place: bench.place)
    #expect(try opening.result(by: bench.other).leftOut?.count == 3)
    #expect(try opening.result(by: bench.other).leftOut == nil)
    #expect(try bench.store.leftOut() == nil)
  }

  @Test func namesAreFew() {
    let names = (0..<LeftOutDocuments.most).map { EntryName("n\($0)") }
    #expect(LeftOutDocuments(.noClass, count: 12, names: names).words.hasSuffix("\"n9\" and 2 more"))
  }
}
