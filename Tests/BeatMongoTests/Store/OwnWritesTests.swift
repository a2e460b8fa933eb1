import Testing

@testable import BeatMongo

@Suite struct OwnWritesTests {
  private static func fields(_ runs: Int32) -> BSONDocument { ["total_run_count": .int32(runs)] }

  private let ids: BSONDocument = ["a": 1, "b": 2]
  private var a: BSONValue { get throws { try #require(ids["a"]) } }
  private var b: BSONValue { get throws { try #require(ids["b"]) } }

  @Test func anEventTakesItsWriteAndThoseBefore() throws {
    let writes = OwnWrites()
    for runs: Int32 in 1...3 { writes.expect(Self.fields(runs), in: try a) }
    #expect(writes.take(Self.fields(2), in: try a))
    #expect(!writes.take(Self.fields(1), in: try a))
    #expect(!writes.take(Self.fields(3), in: try b))
    #expect(writes.take(Self.fields(3), in: try a))
  }

  /// While polling no event takes them.
  @Test func withoutEventsTheyAreBounded() throws {
    let writes = OwnWrites()
    for runs: Int32 in 0..<10_001 { writes.expect(Self.fields(runs), in: try a) }
    #expect(!writes.take(Self.fields(9999), in: try a))
    #expect(writes.take(Self.fields(10_000), in: try a))
  }

  @Test func thoseThatAreTakenDoNotCount() throws {
    let writes = OwnWrites()
    writes.expect(Self.fields(-1), in: try b)
    for runs: Int32 in 0..<20_000 {
      writes.expect(Self.fields(runs), in: try a)
      #expect(writes.take(Self.fields(runs), in: try a))
    }
    #expect(writes.take(Self.fields(-1), in: try b))
  }
}
