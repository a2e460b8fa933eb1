import BeatCore
import Testing

@testable import BeatMongo

@Suite struct MarkOutboxTests {
  private let bench: StoreBench
  private let client: MongoClient
  private let written = WrittenFires()

  init() throws {
    bench = try StoreBench()
    client = try bench.client()
  }

  private static func item(_ number: Int64) -> BSON {
    [
      "seq": .int64(number), "id": .text("task-\(number)"), "length": 1, "route": ["queue": "q"], "priority": 0,
      "message": .binary([1]),
    ]
  }

  private static func note(of number: Int64) -> BSON {
    ["id": .text("task-\(number)"), "of": "a", "old": [:], "new": ["total_run_count": 1]]
  }

  /// Puts a mark with two items there, and the note of a fire.
  private func putMark(noted number: Int64) throws {
    try client.put(
      ["_id": "a", "pending": [Self.item(1), Self.item(2)], "redo": Self.note(of: number)], in: bench.place.marks,
      of: bench.place)
  }

  private func read(_ count: Int = 10, bytes: Int = 10_000) throws -> MarkOutboxPage {
    try MarkOutbox.read(
      behind: 0, newest: nil, count: count, bytes: bytes, written: written, in: bench.place, by: client)
  }

  private var mark: BSONDocument? {
    get throws { try client.documents(["find": .text(bench.place.marks)], on: bench.place.database).first }
  }

  @Test func anItemAndItsNoteLeaveTogether() throws {
    try putMark(noted: 2)
    try MarkOutbox.remove(try read().items.map(\.handle), written: written, in: bench.place, by: client)
    let mark = try #require(try mark)
    #expect(mark["redo"] == nil)
    #expect(try read().items.isEmpty)
  }

  /// The item's own note was there when it was read, and is replaced by that of a later fire.
  @Test func theNoteOfALaterFireStays() throws {
    try putMark(noted: 1)
    let first = try #require(try read().items.first?.handle)
    _ = try client.write(
      [
        "update": .text(bench.place.marks),
        "updates": [["q": ["_id": "a"], "u": ["$set": ["redo": Self.note(of: 2)]]]],
      ], on: bench.place.database)
    try MarkOutbox.remove([first], written: written, in: bench.place, by: client)
    #expect(try mark?["redo"]?["id"]?.text == "task-2")
    #expect(try read().items.map { $0.item?.taskID.description } == ["task-2"])
  }

  /// By the note the request that the fire has answered is not taken for a new one.
  @Test func theNoteOfADocumentThatIsNotWrittenStays() throws {
    try putMark(noted: 2)
    let handles = try read().items.map(\.handle)
    try MarkOutbox.remove(handles, written: WrittenFires(), in: bench.place, by: client)
    #expect(try mark?["redo"]?["id"]?.text == "task-2")
    #expect(try read().items.isEmpty)
  }

  /// The length is counted only if the page may not be all.
  @Test(arguments: [(1, 10_000), (10, 1), (2, 10_000), (10, 10_000)])
  func aPageTellsHowManyThereAre(count: Int, bytes: Int) throws {
    try putMark(noted: 2)
    #expect(try read(count, bytes: bytes).count == 2)
  }
}
