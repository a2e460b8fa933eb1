import Testing

@testable import BeatCore
@testable import BeatMongo

/// Names, numbers and runs as they are stored.
@Suite struct StoreValueTests {
  private func stored(_ value: BSON) throws -> BSONValue {
    let document: BSONDocument = ["v": value]
    return try #require(BSONDocument(document.bytes)["v"])
  }

  @Test func aNameIsReadAsItWasWritten() throws {
    for name in [EntryName("a"), EntryName(""), EntryName("ü\u{0}"), EntryName([0xFF, 0]), EntryName([0xC3])] {
      let value = try stored(name.asBSON)
      #expect(EntryName(value) == name)
      #expect(value.type == (String(validating: name.bytes, as: UTF8.self) == nil ? .binary : .string))
    }
    #expect(try EntryName(stored(7)) == nil)
  }

  /// The server tells whole milliseconds, and due times have microseconds.
  @Test(arguments: [(5000, 0), (5001, 650), (4998, -2350)] as [(Int64, Int64)])
  func withinTheMillisecondOfItsDueTimeNoRunIsEarly(now: Int64, late: Int64) {
    let due = UnixTime(microseconds: 5_000_350)
    let plan = FirePlan(
      entry: EntryName("a"), task: "t", taskID: TaskID(text: "id"), due: due, oldDocument: [], newDocument: [],
      message: [],
      route: .queue("q"), priority: 0, watermark: Watermark(due: due, taskID: nil, totalRunCount: 0), reason: .schedule)
    #expect(FireRecord(plan, at: now).late == late)
  }

  @Test func numbersGrowAndThoseOfALaterSessionAreGreater() {
    let first = MongoSequence(session: 1)
    let numbers = (0..<100).map { _ in first.next() }
    #expect(numbers == numbers.sorted() && Set(numbers).count == 100)
    #expect(MongoSequence(session: 2).next() > numbers[99])
    #expect(numbers[0] > 0)
    for session: Int64 in [.max, .min, -1, 1 << 31] { #expect(MongoSequence(session: session).next() >= 0) }
  }

  @Test func aRunIsReadAsItWasWritten() {
    for name in [EntryName("a"), EntryName([0xFF])] {
      let run = FireRecord(
        name: name, taskID: "t", due: UnixTime(microseconds: 1_772_452_800_000_001), late: 999, reason: "schedule")
      let document = HistoryEntries.document(run, number: 5)
      #expect(HistoryEntries.run(document) == run)
      #expect(document["_id"]?.integer == 5)
      #expect(document["at"]?.milliseconds == 1_772_452_800_001)
    }
    #expect(HistoryEntries.run(["name": "a", "due": .int64(1)]) == nil)
    #expect(HistoryEntries.run(["name": 1, "due": .int64(1), "late": .int64(0)]) == nil)
    #expect(HistoryEntries.run(["name": "a", "due": "1", "late": .int64(0)]) == nil)
    #expect(HistoryEntries.run(["name": "a", "due": .int64(1), "late": .int64(0)])?.taskID == "")
  }

  @Test func thePrefixOfAGroupEndsBehindAllOfIt() {
    #expect(DaemonDocument.end(of: "record:") == "record;")
    #expect(DaemonDocument.record("\u{10FFFF}") < DaemonDocument.end(of: DaemonDocument.recordPrefix))
  }
}
