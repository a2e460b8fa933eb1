import Testing

@testable import BeatCore
@testable import BeatRedis

@Suite("NeighbourPrefix: key prefixes under which schedules may stand") struct NeighbourPrefixTests {
  @Test func thoseThatAreLikeOurs() {
    var found = NeighbourPrefix(RedisKeys(prefix: "task:meta:"))
    for key in ["tasks:meta:a", "tasks:meta:b", "session:1", "celery", "reactivebeat:tasks:meta:mark", "tasks.meta.x"] {
      found.add(Array(key.utf8))
    }
    #expect(found.samples.map { EntryName($0.prefix).description }.prefix(2) == ["tasks:meta:", "session:"])
    #expect(found.isLikeOurs(Array("tasks:meta:".utf8)) && !found.isLikeOurs(Array("session:".utf8)))
    for number in 0..<100 { found.add(Array("p\(number):x".utf8)) }
    #expect(found.samples.count == NeighbourPrefix.most)
    #expect(NeighbourPrefix.isSchedule(Array(#"{"task": "t", "interval": {"every": 1}}"#.utf8)))
    #expect(!NeighbourPrefix.isSchedule(Array(#"{"user": 7}"#.utf8)) && !NeighbourPrefix.isSchedule([1, 2]))
  }
}
