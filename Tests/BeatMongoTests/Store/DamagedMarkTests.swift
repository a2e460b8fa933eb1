import BeatCore
import Testing

@testable import BeatMongo

/// What another client has put into a mark harms that schedule alone.
@Suite struct DamagedMarkTests {
  private let bench: StoreBench

  init() throws { bench = try StoreBench() }

  @Test(arguments: ["pending", "redo", "moved", "of"]) func theOthersAreRead(_ field: String) throws {
    let client = try bench.client()
    let sound = Watermark(due: UnixTime(seconds: 1), taskID: nil, totalRunCount: 0)
    try client.put(["_id": "a", "mark": .string(sound.bytes)], in: bench.place.marks, of: bench.place)
    var damaged: [(name: String, value: BSON)] = [("_id", "b"), ("mark", .string(sound.bytes))]
    damaged.append((field, "none of a daemon's"))
    try client.put(BSONDocument(damaged), in: bench.place.marks, of: bench.place)
    let marks = try StoredMark.find(["a", "b"].map { EntryName($0) }, in: bench.place, by: client)
    #expect(marks[EntryName("a")]?.state == .read(sound))
    #expect(marks[EntryName("b")]?.state == .read(sound))
    #expect(marks[EntryName("b")]?.waiting == 0)
  }
}
