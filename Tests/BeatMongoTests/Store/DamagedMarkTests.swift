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

  /// A fire's write replaces what is no list. If the expression failed, a server might fail the whole command.
  @Test(arguments: ["x", 7, .null, ["seq": 1]] as [BSON]) func theMarksOfABatchAreWritten(_ pending: BSON) throws {
    let client = try bench.client()
    try client.put(["_id": "a", "pending": pending], in: bench.place.marks, of: bench.place)
    try client.put(["_id": "b", "pending": []], in: bench.place.marks, of: bench.place)
    let reply = try client.write(
      [
        "update": .text(bench.place.marks), "ordered": false,
        "updates": .array(
          ["a", "b", "absent"].map { id in
            [
              "q": ["_id": .text(id)],
              "u": FencedUpdate.pipeline(
                while: [["$gt": [ServerTime.now, 0]]], set: [("mark", Expression.literal("$m"))], append: ["seq": 2]),
            ]
          }),
      ], on: bench.place.database)
    #expect(reply.errors.isEmpty && reply.changed == 2)
    for mark in try client.all(in: bench.place.marks, of: bench.place) {
      #expect(mark["mark"]?.text == "$m")
      #expect(mark["pending"]?.members.map { members in members.compactMap { $0.value["seq"]?.integer } } == [2])
    }
  }

  @Test func aConditionThatDoesNotHoldChangesNothing() throws {
    let client = try bench.client()
    try client.put(["_id": "a", "pending": []], in: bench.place.marks, of: bench.place)
    let before = try client.all(in: bench.place.marks, of: bench.place)
    let update = FencedUpdate.pipeline(
      while: [["$gt": [ServerTime.now, 0]], ["$lt": [ServerTime.now, 0]]], set: [("mark", Expression.literal("m"))],
      append: ["seq": 2])
    let reply = try client.write(
      ["update": .text(bench.place.marks), "updates": [["q": ["_id": "a"], "u": update]]], on: bench.place.database)
    #expect(reply.count == 1 && reply.changed == 0)
    #expect(try client.all(in: bench.place.marks, of: bench.place) == before)
  }
}
