import Testing

@testable import BeatCore
@testable import BeatRedis

@Suite("UnusableContent: a key that is no document, in words") struct UnusableContentTests {
  @Test(arguments: ["hash", "list", "set", "stream", "zset", "ReJSON-RL"]) func aKeyOfAnotherType(_ type: String) {
    let content = UnusableContent.ofType(type)
    #expect(content.found == "a Redis \(type)")
    #expect(
      content.problem == "holds a Redis \(type), and a schedule is a string; delete the key and SET it again")
  }
}
