import Testing

@testable import BeatRedis

@Suite("Fuzz targets of what is written into Redis: some mutations of each, and what fuzzing found")
struct FormTargetTests {
  @Test(arguments: FuzzTarget.forms.map(\.name)) func mutations(_ name: String) throws {
    let target = try #require(FuzzTarget.forms.first { $0.name == name })
    #expect(target.seeds().contains { !$0.isEmpty })
    try target.checkMutations(2_000)
  }

  /// A priority with a sign, and one with a leading zero, were read.
  @Test(arguments: ["1:1,1:x,5:queue,1:q,2:+5,0:,", "1:1,1:x,5:queue,1:q,2:05,0:,"])
  func found(_ text: String) throws { try FuzzTarget.outbox.check(Array(text.utf8)) }
}
