import Testing

@testable import BeatCore
@testable import BeatDriver

/// Which messages stay in the outbox, and what follows for others; without a server.
@Suite struct OutboxWalkTests {
  private func lane(_ name: String) -> Lane { Lane(Array(name.utf8)) }

  /// Walks over so many items of a lane, all of which stay in the outbox.
  private func hold(_ walk: inout OutboxWalk, _ count: Int, _ name: String, isServerAtFault: Bool = false) {
    for _ in 0..<count { walk.block([lane(name)], isServerAtFault: isServerAtFault) }
    walk.passed(count, deferred: count, newest: OutboxHandle([1]), isLast: false)
  }

  @Test func othersOfTheLaneWait() {
    var walk = OutboxWalk()
    hold(&walk, 1, "a")
    #expect(walk.blocks([lane("a")]) && walk.blocks([lane("b"), lane("a")]) && !walk.blocks([lane("b")]))
    #expect(walk.deferred == 1 && walk.newestDeferred == OutboxHandle([1]))
    walk.beginAgain()
    #expect(!walk.blocks([lane("a")]) && walk.deferred == 0 && walk.newestDeferred == nil)
  }

  @Test func aLaneTakesAThousandAlone() {
    var walk = OutboxWalk()
    hold(&walk, 999, "a")
    #expect(!walk.refuses(lane("a")) && !walk.isFull)
    hold(&walk, 1, "a")
    #expect(walk.refuses(lane("a")) && walk.isFull)
    #expect(!walk.refuses(lane("b")), "of which nothing is deferred")
  }

  @Test func aLaneHasTenBesideThoseOfOthers() {
    var walk = OutboxWalk()
    hold(&walk, 1_000, "a")
    hold(&walk, 9, "b")
    #expect(!walk.refuses(lane("b")))
    hold(&walk, 1, "b")
    #expect(walk.refuses(lane("b")))
  }

  /// Many exchanges without a queue, each with a new name, cannot fill the outbox.
  @Test func lanesOfWhichNothingIsKnownGetNoPlaceInTheEnd() {
    var walk = OutboxWalk()
    walk.delivered(to: lane("celery"))
    for number in 0..<9_999 { hold(&walk, 1, "lane-\(number)") }
    #expect(!walk.refuses(lane("new")))
    hold(&walk, 1, "last")
    #expect(walk.refuses(lane("new")) && walk.refuses(lane("last")))
    #expect(!walk.refuses(lane("celery")))
  }

  @Test func aServerThatTakesFromNobodyIsNoReasonToRefuse() {
    var walk = OutboxWalk()
    hold(&walk, 5_000, "a", isServerAtFault: true)
    #expect(!walk.refuses(lane("a")))
    walk.beginAgain()
    #expect(!walk.refuses(lane("a")), "until this walk has come past those")
    hold(&walk, 5_000, "a")
    #expect(walk.refuses(lane("a")))
  }

  /// The results of the walk before count until this walk has passed the same items.
  @Test func whileItIsWalkedAgainNothingOpensTooSoon() {
    var walk = OutboxWalk()
    hold(&walk, 1_200, "a")
    #expect(walk.deliverable(of: 1_300) == 100)
    walk.beginAgain()
    #expect(walk.refuses(lane("a")))
    #expect(walk.deliverable(of: 1_300) == 100)
    hold(&walk, 500, "a")
    #expect(walk.refuses(lane("a")))
    #expect(walk.deliverable(of: 1_300) == 100)
    // The walk begins again in the middle.
    walk.beginAgain()
    #expect(walk.refuses(lane("a")) && walk.deliverable(of: 1_300) == 100)
    // All items are delivered.
    walk.passed(1_200, deferred: 0, newest: nil, isLast: false)
    #expect(!walk.refuses(lane("a")) && !walk.isFull)
    #expect(walk.deliverable(of: 100) == 100)
  }
}
