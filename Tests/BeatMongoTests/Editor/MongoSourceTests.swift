import Testing

@testable import BeatCore
@testable import BeatMongo

/// A collection from which documents are taken into another store.
@Suite struct MongoSourceTests {
  private let bench: EditorBench
  private let settings = ImportSettings(documents: Sample.context, now: Sample.noon)

  init() throws { bench = try EditorBench() }

  private func imported(progress: (Int) -> Void = { _ in }) throws -> [ImportedSchedule] {
    let source = try MongoSource(try MongoURL(bench.bench.server.url()), bench.place)
    return MongoDocument.imported(try source.documents(progress: progress), settings)
  }

  /// All pages come, in the order of `_id`, also where a page is long. What is too long is read no further.
  @Test func pagesInOrder() throws {
    let numbers = (100..<350).shuffled()
    for page in stride(from: 0, to: numbers.count, by: 50) {
      let documents = numbers[page..<(page + 50)].map { number in
        let isLong = number == 200 || number == 201
        let text = isLong ? String(repeating: "x", count: 6 << 20) : "x"
        return BSON.document(bench.schedule("\(number)", [("args", [.text(text)])]))
      }
      for half in [documents.prefix(25), documents.suffix(25)] {
        _ = try bench.other.run(
          ["insert": .text(bench.place.schedules), "documents": .array(Array(half))], on: bench.place.database)
      }
    }
    var steps: [Int] = []
    let schedules = try imported { steps.append($0) }
    #expect(schedules.map { "\($0.name)" } == (100..<350).map { "\($0)" })
    #expect(schedules.filter { $0.problem != nil }.map { "\($0.name)" } == ["200", "201"])
    #expect(
      schedules.allSatisfy { $0.problem?.hasSuffix("and at most \(Limit.documentLength.most) are read") != false })
    #expect(steps.last == 250 && steps.count > 3, "\(steps)")
  }

  @Test func anAnsweredRequestComesAsAnswered() throws {
    try bench.putAnsweredRequest("a")
    let schedule = try #require(try imported().first)
    let document = try ScheduleDocument(schedule.document, context: Sample.context)
    #expect(!document.definition.runImmediately && document.totalRunCount == 1)
    #expect(try bench.text("a") == schedule.document, "as the store itself shows it")
  }

  /// The daemon died between the fire and the document. Where the watermark stays behind, the document must tell of the
  /// run: it would be sent once more.
  @Test func aFireIsTaken() throws {
    let id: BSON = "id of a"
    try bench.put(bench.schedule("a"))
    let redo: BSON = ["id": "t", "of": id, "old": ["total_run_count": 0], "new": ["total_run_count": 1]]
    try bench.marked("a", 1_772_452_800, [("redo", redo), ("of", id)])
    let imported = try #require(try imported().first)
    let exported = try #require(try bench.store.contents([EntryName("a")], skipped: { _, _ in }).first ?? nil)
    #expect(exported == imported.document)
    #expect(try ScheduleDocument(exported, context: Sample.context).totalRunCount == 1)
    let read = try #require(try bench.text("a"))
    #expect(try ScheduleDocument(read, context: Sample.context).totalRunCount == 0, "with its watermark")
  }
}
