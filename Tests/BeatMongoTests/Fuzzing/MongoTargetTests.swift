import Testing

@testable import BeatMongo

@Suite("Fuzz targets of BeatMongo: some mutations of each, and what fuzzing found")
struct MongoTargetTests {
  @Test(arguments: FuzzTarget.mongo.map(\.name)) func mutations(_ name: String) throws {
    let target = try #require(FuzzTarget.mongo.first { $0.name == name })
    #expect(target.seeds().contains { !$0.isEmpty })
    try target.checkMutations(2_000)
  }
}
