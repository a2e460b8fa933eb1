import Testing

@testable import BeatCore

private let changed = StoreIdentity.Action.reload(
  reason: "the store was emptied or replaced, or its events were off for a while")
private let wentBack = StoreIdentity.Action.reload(reason: "the store went back in time")

/// Whether the store is the one that was loaded: one answer at a time.
@Suite struct StoreIdentityTests {
  private let now = BootTime(microseconds: 1_000_000_000)

  private func reply(_ word: String, previous: Int64? = 6) -> HeartbeatReply {
    HeartbeatReply(
      sequence: 7, previousSequence: previous, incarnation: word, lease: .free, serverTime: nil, clockDifference: 0)
  }

  /// A store that was found with the incarnation `a/1` at `now`.
  private func watched() -> StoreIdentity {
    var identity = StoreIdentity(heartbeatLife: HeartbeatRequest.lifetime)
    _ = identity.answered(reply("a/1"), isClockSet: false, now: now)
    return identity
  }

  @Test(
    arguments: [
      ("a/1", 6, []), ("a/2", 6, [changed]), ("a", 6, [changed]), ("b/1", 6, [.storeReplaced, changed]),
      ("a/1", 5, [wentBack]), ("a/1", 7, [wentBack]), ("b/1", 5, [.storeReplaced, changed]),
    ] as [(String, Int64, [StoreIdentity.Action])])
  func anAnswerIsComparedWithTheOneBefore(_ word: String, _ previous: Int64, _ actions: [StoreIdentity.Action]) {
    var identity = watched()
    #expect(identity.answered(reply(word, previous: previous), isClockSet: false, now: now) == actions)
    #expect(identity.answered(reply(word), isClockSet: false, now: now) == [], "told once")
  }

  /// The store has no heartbeat of this daemon. It may have expired if half of its life has gone by, or if the clock
  /// was set.
  @Test(
    arguments: [
      (4_999_999, false, [wentBack]), (5_000_000, false, []), (1, true, []),
    ] as [(Int64, Bool, [StoreIdentity.Action])])
  func aHeartbeatThatIsGoneTooSoon(_ age: Int64, _ isClockSet: Bool, _ actions: [StoreIdentity.Action]) {
    var identity = watched()
    let answer = reply("a/1", previous: nil)
    #expect(identity.answered(answer, isClockSet: isClockSet, now: now.advanced(by: age)) == actions)
  }

  /// A session begins with a load, so only a replaced store is reported.
  @Test(
    arguments: [
      ("a/1", []), ("a/2", []), ("b/1", [.storeReplaced]),
    ] as [(String, [StoreIdentity.Action])])
  func theFirstAnswerOfASessionAsksForNoLoad(_ word: String, _ actions: [StoreIdentity.Action]) {
    var identity = watched()
    identity.connected()
    identity.connected()
    #expect(identity.answered(reply(word, previous: 2), isClockSet: false, now: now) == actions)
    #expect(identity.answered(reply(word, previous: 2), isClockSet: false, now: now) == [wentBack], "the second")
  }

  @Test func aStoreThatIsSeenForTheFirstTimeIsNotReplaced() {
    var identity = StoreIdentity(heartbeatLife: HeartbeatRequest.lifetime)
    identity.connected()
    #expect(identity.answered(reply("a", previous: nil), isClockSet: false, now: now) == [])
  }
}
