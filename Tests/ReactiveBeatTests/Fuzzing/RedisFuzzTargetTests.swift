import Testing

@testable import ReactiveBeat

@Suite("Fuzz targets of BeatRedis: some mutations of each, and what fuzzing found")
struct RedisFuzzTargetTests {
  @Test(arguments: FuzzTarget.redis.map(\.name)) func mutations(_ name: String) throws {
    let target = try #require(FuzzTarget.redis.first { $0.name == name })
    try target.checkMutations(3_000)
  }

  @Test(arguments: [
    // A bidirectional override in the user's name, and a line break in the path.
    "redis://u%E2%80%AE:p@h", "redis+socket:///run/%0Aredis.sock",
    // An empty password counts as none.
    "redis://h?password=", "sentinel://h?master_name=m&password=",
    // The password is "a@hunter2hunter2?x". Its middle must not be taken for the host.
    "a@\n?x",
  ])
  func found(_ text: String) throws { try FuzzTarget.url.check(Array(text.utf8)) }
}
