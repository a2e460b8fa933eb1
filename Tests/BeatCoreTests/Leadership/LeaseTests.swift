import Testing

@testable import BeatCore

/// The lease alone: what each request asks for, and what each answer means. It lasts five seconds.
@Suite struct LeaseTests {
  private static let second: Int64 = 1_000_000
  private static let others = HeartbeatReply.Lease.other(token: "you:1", remaining: 300_000)
  private let now = BootTime(microseconds: 1_000_000_000)

  private func after(_ microseconds: Int64) -> BootTime { now.advanced(by: microseconds) }

  private func lease(_ eligibility: Eligibility = .able(takesOffers: false), ttl: Int64? = 5 * second) -> Lease {
    var lease = Lease(ttl: ttl)
    _ = lease.judged(eligibility)
    lease.connected()
    return lease
  }

  /// Asks at `now`, and gets the answer at once.
  private func exchange(_ lease: inout Lease, _ answer: HeartbeatReply.Lease) throws -> [Lease.Action] {
    _ = try lease.ask(in: 1)
    return try lease.answered(answer, sentAt: now, now: now)
  }

  private func leading() throws -> Lease {
    var lease = lease()
    #expect(try exchange(&lease, .held(token: "me:1")) == [.lead(token: "me:1")])
    return lease
  }

  @Test(
    arguments: [
      (.unproven, .nothing, false), (.withdrawn(reason: "x"), .nothing, false), (.limited, .free, true),
      (.able(takesOffers: false), .free, false), (.able(takesOffers: true), .offered, false),
    ] as [(Eligibility, HeartbeatRequest.Claim, Bool)])
  func whatIsAskedFor(_ eligibility: Eligibility, _ claim: HeartbeatRequest.Claim, _ isOffering: Bool) throws {
    var lease = lease(eligibility)
    #expect(
      try lease.ask(in: 3)
        == HeartbeatRequest(sequence: 3, leaseTTL: 5 * Self.second, claim: claim, isOffering: isOffering))
  }

  /// An offer is taken once, by the request that follows the rehearsal.
  @Test func anOfferIsTakenByOneQuestionOnly() throws {
    var lease = lease(.able(takesOffers: true))
    #expect(try lease.ask(in: 1).claim == .offered)
    _ = try lease.answered(Self.others, sentAt: now, now: now)
    #expect(try lease.ask(in: 2).claim == .free)
  }

  /// A process that was stopped for long and goes on does not lead any more, whatever event comes first.
  @Test func whoLeadsCertainlyIsKnownWithoutAnyEvent() throws {
    let lease = try leading()
    #expect(lease.certainlyLeads(at: after(2_500_000)))
    #expect(!lease.certainlyLeads(at: after(2_500_001)))
    #expect(lease.isLeading)
    #expect(!self.lease().certainlyLeads(at: now))
    var alone = self.lease(ttl: nil)
    _ = try exchange(&alone, .free)
    #expect(alone.certainlyLeads(at: after(.max / 2)))
  }

  /// The holder that offered its lease learns of its loss by its next heartbeat, and until then it goes on.
  @Test func oneThatTookAnOfferedLeaseIsNotAloneAtOnce() throws {
    for (takesOffers, wait) in [(true, 2_500_000), (false, 0)] as [(Bool, Int64)] {
      var lease = lease()
      _ = lease.judged(.able(takesOffers: takesOffers))
      _ = try lease.ask(in: 1)
      _ = try lease.answered(.held(token: "me:1"), sentAt: now, now: now)
      #expect(lease.isLeading && lease.uncertainty(at: now) == wait)
      #expect(lease.certainlyLeads(at: now) == !takesOffers)
      #expect(lease.certainlyLeads(at: after(2_500_000)))
    }
  }

  /// Each answer to a daemon that does not lead yet, by its eligibility.
  @Test(
    arguments: [
      (.unproven, .held(token: "me:1"), []), (.withdrawn(reason: "x"), .held(token: "me:1"), [.release]),
      (.limited, .held(token: "me:1"), [.lead(token: "me:1")]), (.limited, .free, []),
      (
        .limited, .other(token: "you:1", remaining: 7, isOffered: true),
        [.standBy(reason: "another daemon holds the lease"), .askAgain(after: 5_007)]
      ),
      (
        .able(takesOffers: false), .other(token: "you:1", remaining: 7, isOffered: true),
        [.standBy(reason: "another daemon holds the lease"), .offered, .askAgain(after: 5_007)]
      ),
      (
        .unproven, .other(token: "you:1", remaining: 7, isOffered: true),
        [.standBy(reason: "another daemon holds the lease")]
      ),
      (
        .limited, .other(token: "you:1", remaining: -1),
        [.standBy(reason: "another daemon holds the lease"), .askAgain(after: 5_000)]
      ),
      (
        .limited, .other(token: "you:1", remaining: .max),
        [.standBy(reason: "another daemon holds the lease"), .askAgain(after: 3_600_005_000)]
      ),
    ] as [(Eligibility, HeartbeatReply.Lease, [Lease.Action])])
  func whatAnAnswerMeans(
    _ eligibility: Eligibility, _ answer: HeartbeatReply.Lease, _ actions: [Lease.Action]
  ) throws {
    var lease = lease(eligibility)
    #expect(try exchange(&lease, answer) == actions)
  }

  /// Each way in which leading ends; each is reported once.
  @Test func aLeadEnds() throws {
    var (freed, taken, fenced, cut) = (try leading(), try leading(), try leading(), try leading())
    #expect(try exchange(&freed, .free) == [.standBy(reason: "the lease has run out")])
    #expect(
      try exchange(&taken, Self.others) == [
        .standBy(reason: "another daemon holds the lease"), .askAgain(after: 305_000),
      ])
    let refused = Lease.Action.standBy(
      reason: "a fire was refused: the lease has run out, was deleted, or is another daemon's")
    #expect(fenced.fenced() == [refused] && fenced.fenced().isEmpty)
    #expect(
      cut.disconnected() == [.standBy(reason: "the connection to the store is lost")] && cut.disconnected().isEmpty)
    var (withdrawn, unproven) = (try leading(), try leading())
    #expect(withdrawn.judged(.withdrawn(reason: "x")) == [.release, .standBy(reason: "x")])
    #expect(unproven.judged(.unproven) == [.standBy(reason: "nothing is proved yet in this session")])
    for lease in [freed, taken, fenced, cut, withdrawn, unproven] { #expect(!lease.isLeading) }
  }

  /// The lease counts for half of its duration, from when the request was sent.
  @Test func anUnconfirmedLeaseIsNotHeld() throws {
    var lease = try leading()
    #expect(lease.check(now: after(2_500_000)).isEmpty)
    _ = try lease.ask(in: 2)
    #expect(try lease.answered(.held(token: "me:1"), sentAt: after(1), now: after(2_500_000)).isEmpty)
    #expect(lease.check(now: after(2_500_001)).isEmpty && lease.isLeading, "renewed")
    #expect(lease.check(now: after(2_501_001)) == [.standBy(reason: "the lease was not confirmed for 2501 ms")])
  }

  /// A late answer does not make the daemon lead, and its token is not used.
  @Test func aLateAnswerDoesNotLead() throws {
    var lease = lease()
    _ = try lease.ask(in: 1)
    #expect(try lease.answered(.held(token: "me:1"), sentAt: now, now: after(2_500_001)).isEmpty)
    #expect(!lease.isLeading)
    var leading = try leading()
    _ = try leading.ask(in: 2)
    #expect(try leading.answered(.held(token: "me:2"), sentAt: now, now: after(2_500_001)).isEmpty)
    _ = try leading.ask(in: 3)
    #expect(try leading.answered(.held(token: "me:2"), sentAt: now, now: now) == [.lead(token: "me:2")])
  }

  /// Eligibility changes while a request is on its way: one more request follows, and only one.
  @Test func anOutdatedQuestionIsAskedAgain() throws {
    var lease = lease(.unproven)
    _ = try exchange(&lease, .free)
    #expect(lease.judged(.limited) == [.ask], "none is on its way")
    _ = try lease.ask(in: 2)
    #expect(lease.judged(.able(takesOffers: false)).isEmpty)
    #expect(try lease.answered(.held(token: "me:1"), sentAt: now, now: now) == [.lead(token: "me:1"), .ask])
    #expect(try exchange(&lease, .held(token: "me:1")).isEmpty)
    #expect(lease.judged(.able(takesOffers: false)).isEmpty, "no news")
  }

  @Test func aFreedLeaseIsAskedFor() throws {
    var lease = lease()
    #expect(lease.freed().isEmpty, "the first question of a session comes anyway")
    _ = try lease.ask(in: 1)
    #expect(lease.freed().isEmpty)
    #expect(
      try lease.answered(Self.others, sentAt: now, now: now) == [
        .standBy(reason: "another daemon holds the lease"), .ask,
      ])
    #expect(try exchange(&lease, Self.others) == [.askAgain(after: 305_000)])
    #expect(lease.freed() == [.ask])
    var leading = try leading()
    #expect(leading.freed().isEmpty)
  }

  @Test func withoutALeaseEachDaemonLeads() throws {
    var lease = lease(ttl: nil)
    #expect(try exchange(&lease, Self.others) == [.lead(token: "")])
    #expect(lease.check(now: after(3600 * Self.second)).isEmpty && lease.freed().isEmpty)
    #expect(lease.judged(.withdrawn(reason: "x")) == [.standBy(reason: "x")])
    #expect(lease.judged(.limited) == [.lead(token: "")])
  }

  @Test func illegalMoves() throws {
    var twice = lease()
    _ = try twice.ask(in: 1)
    #expect(throws: IllegalMove.askedTwice) { try twice.ask(in: 2) }
    #expect(try twice.answered(.held(token: "me:1"), sentAt: now, now: now) == [.lead(token: "me:1")], "as before")
    #expect(throws: IllegalMove.answerUnasked) { try twice.answered(.free, sentAt: now, now: now) }
    #expect(twice.isLeading)
    var unasked = lease()
    #expect(throws: IllegalMove.answerUnasked) { try unasked.answered(.free, sentAt: now, now: now) }
    var ended = lease()
    _ = try ended.ask(in: 1)
    _ = ended.disconnected()
    #expect(throws: IllegalMove.answerUnasked) { try ended.answered(.free, sentAt: now, now: now) }
  }
}
