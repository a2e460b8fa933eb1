import BeatCore
import Testing

@testable import BeatRedis

/// Replies that consist of parts are read safely, whatever the server sent.
@Suite struct ScanWalkTests {
  private func step(_ cursor: String, _ found: [RedisReply] = [.string([1])]) -> RedisReply {
    .array([.string(Array(cursor.utf8)), .array(found)])
  }

  @Test func walk() {
    var walk = ScanWalk()
    #expect(walk.take(step("17"))?.found == [.string([1])] && walk.cursor == "17" && !walk.isAtEnd)
    #expect(walk.take(step("18446744073709551615", []))?.found == [] && !walk.isAtEnd)
    #expect(walk.take(step("0"))?.cursor == nil && walk.isAtEnd && walk.steps == 3)
  }

  @Test(
    "an answer that is no reply to SCAN does not move the walk",
    arguments: [
      nil, .null, .integer(0), .array([]), .array([.string([48])]), .array([.string([48]), .null]),
      .array([.integer(0), .array([])]), .array([.string([48]), .array([]), .null]), .error(RedisServerError("ERR no")),
    ] as [RedisReply?])
  func hostile(_ reply: RedisReply?) {
    var walk = ScanWalk()
    #expect(walk.take(reply) == nil && walk.cursor == "0" && !walk.isAtEnd)
  }

  @Test(arguments: ["", "-1", "x", "18446744073709551616", "1 "]) func noCursor(_ cursor: String) {
    var walk = ScanWalk()
    #expect(walk.take(step(cursor)) == nil && walk.cursor == "0" && !walk.isAtEnd)
  }

  @Test("a scan that never ends is given up") func endless() {
    var walk = ScanWalk()
    var steps = 0
    while walk.advance(to: "1") { steps += 1 }
    #expect(steps == Limit.scanSteps.most)
  }

  @Test("the values that a script returns after a step") func parts() {
    let reply = RedisReply.array([.string([48]), .array([]), .integer(7)])
    #expect(ScanAnswer(reply, parts: 3)?.rest == [.integer(7)])
    #expect(ScanAnswer(reply) == nil && ScanAnswer(reply, parts: 4) == nil)
  }

  @Test func pairs() {
    let (a, b) = (RedisReply.string([1]), RedisReply.integer(2))
    let pairs = RedisReply.array([a, b, b, a]).pairs
    #expect(pairs?.map(\.0) == [a, b] && pairs?.map(\.1) == [b, a])
    #expect(RedisReply.array([]).pairs?.isEmpty == true)
    #expect(RedisReply.array([a, b, a]).pairs == nil && a.pairs == nil && RedisReply.null.pairs == nil)
  }
}
