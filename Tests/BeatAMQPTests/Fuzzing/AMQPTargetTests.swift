import Testing

@testable import BeatAMQP

@Suite("Fuzz targets of BeatAMQP: some mutations of each, and what fuzzing found")
struct AMQPTargetTests {
  @Test(arguments: FuzzTarget.amqp.map(\.name)) func mutations(_ name: String) throws {
    let target = try #require(FuzzTarget.amqp.first { $0.name == name })
    #expect(target.seeds().contains { !$0.isEmpty })
    try target.checkMutations(2_000)
  }
}
