import BeatCore
import Testing

@testable import BeatMongo

@Suite struct ScheduleReadTests {
  private let bench: StoreBench
  private let client: MongoClient
  private let names = ["a", "b", "c", "d"].map { EntryName($0) }

  init() throws {
    bench = try StoreBench()
    client = try bench.client()
    for name in names {
      let long = String(repeating: "x", count: 1_500_000)
      try client.put(
        ["_id": .string(name.bytes), "name": .string(name.bytes), "task": "t", "kwargs": ["long": .text(long)]],
        in: bench.place.schedules,
        of: bench.place)
    }
  }

  @Test func documentsThatAreTooMuchTogetherAreNotKept() throws {
    #expect(try StoredSchedules.find(names, atMost: 6_000_000, in: bench.place, by: client) == nil)
    let two = Array(names.prefix(2))
    let found = try #require(try StoredSchedules.find(two, atMost: 6_000_000, in: bench.place, by: client))
    #expect(two.allSatisfy { found.incumbent($0, nil) != nil })
  }

  /// A page has as many of the first names as there is room for.
  @Test func aPageOfLongDocumentsIsShort() throws {
    let read = ScheduleRead(in: bench.place, maximumDocumentLength: 1_048_576, names.map { .name($0) })
    let reads = try read.result(by: client).reads
    #expect(reads.count == 2)
    #expect(reads.allSatisfy { if case .tooLong(let length) = $0.content { length > 1_500_000 } else { false } })
  }
}
