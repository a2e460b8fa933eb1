import Testing

@testable import BeatCore

/// Which daemon may lead: one event and its actions at a time, on virtual time.
@Suite struct CandidacyTests {
  private static let second: Int64 = 1_000_000
  private static let able = Eligibility.able(takesOffers: false)
  private var now = BootTime(microseconds: 1_000_000_000)

  private func after(_ seconds: Int64) -> BootTime { now.advanced(by: seconds * Self.second) }

  /// A daemon that has loaded and rehearsed, and so may lead.
  private func candidate(lease: Int64? = 5 * second) -> Candidacy {
    var candidacy = Candidacy(leaseTTL: lease)
    _ = candidacy.receive(.connected, now: now)
    _ = candidacy.receive(.loaded, now: now)
    _ = candidacy.receive(.rehearsed(.able), now: now)
    return candidacy
  }

  @Test func standsOnlyWhenLoadedAndRehearsed() {
    var candidacy = Candidacy(leaseTTL: 5 * Self.second)
    #expect(candidacy.receive(.connected, now: now) == [.rehearse])
    #expect(candidacy.receive(.loaded, now: now).isEmpty && !candidacy.isAble)
    #expect(candidacy.receive(.rehearsed(.able), now: now) == [.declare(Self.able)])
    #expect(candidacy.receive(.disconnected, now: now) == [.declare(.unproven)])
    // Rehearsal and load may end in the other order.
    #expect(candidacy.receive(.connected, now: now) == [.rehearse])
    #expect(candidacy.receive(.rehearsed(.able), now: now).isEmpty)
    #expect(candidacy.receive(.loaded, now: now) == [.declare(Self.able)])
  }

  @Test func saysOnceWhatIsMissingAndTriesLessAndLessOften() {
    var candidacy = Candidacy(leaseTTL: 5 * Self.second)
    _ = candidacy.receive(.connected, now: now)
    _ = candidacy.receive(.loaded, now: now)
    let proof = Candidacy.Proof.unable(reason: "no LPUSH")
    #expect(
      candidacy.receive(.rehearsed(proof), now: now) == [
        .report(proof), .armTimer(after: Self.second), .declare(.withdrawn(reason: "no LPUSH")),
      ])
    for delay: Int64 in [2, 4, 8, 16, 30, 30] {
      #expect(candidacy.receive(.timerFired, now: now) == [.rehearse])
      #expect(candidacy.receive(.rehearsed(proof), now: now) == [.armTimer(after: delay * Self.second)])
    }
    _ = candidacy.receive(.timerFired, now: now)
    #expect(candidacy.receive(.rehearsed(.able), now: now) == [.report(.able), .declare(Self.able)])
  }

  @Test func oneThatLedLeavesRoomForAnother() {
    var candidacy = candidate()
    #expect(candidacy.receive(.forbidden(reason: "x"), now: now) == [.rehearse])
    let actions = candidacy.receive(.rehearsed(.unable(reason: "no LPUSH")), now: now)
    #expect(actions.contains(.declare(.withdrawn(reason: "no LPUSH"))) && actions.contains(.armTimer(after: 7_500_000)))
    #expect(candidacy.receive(.timerFired, now: after(5)) == [.armTimer(after: 2_500_000)])
    #expect(candidacy.receive(.timerFired, now: after(8)) == [.rehearse])
    #expect(candidacy.receive(.rehearsed(.able), now: after(8)).contains(.declare(Self.able)))
  }

  /// Redis is out of memory, a replica, or busy: another daemon would fare no better.
  @Test func whatHitsEverybodyIsNoReasonToGiveUp() {
    var candidacy = candidate()
    _ = candidacy.receive(.doubted, now: now)
    let proof = Candidacy.Proof.undecided(reason: "OOM")
    let actions = candidacy.receive(.rehearsed(proof), now: now)
    #expect(!actions.contains { if case .declare = $0 { true } else { false } } && candidacy.isAble)
  }

  /// A queue that this user may not use does not show in a rehearsal.
  @Test func standsBackWhereNothingIsFiredThoughTheRehearsalGoesThrough() {
    var candidacy = candidate()
    _ = candidacy.receive(.forbidden(reason: "no key"), now: now)
    #expect(candidacy.receive(.rehearsed(.able), now: now).isEmpty)
    #expect(candidacy.receive(.forbidden(reason: "no key"), now: after(1)) == [.rehearse])
    _ = candidacy.receive(.rehearsed(.able), now: after(1))
    #expect(
      candidacy.receive(.forbidden(reason: "no key"), now: after(3)) == [
        .armTimer(after: 10 * Self.second), .declare(.withdrawn(reason: "no key")),
      ])
    // While other fires succeed, the daemon does not stand back.
    var other = candidate()
    for second: Int64 in 0..<20 {
      _ = other.receive(.forbidden(reason: "no key"), now: after(second))
      _ = other.receive(.rehearsed(.able), now: after(second))
      #expect(other.receive(.fired, now: after(second)).isEmpty && other.isAble)
    }
  }

  @Test func withoutALeaseNobodyIsGivenWayTo() {
    var candidacy = candidate(lease: nil)
    for second: Int64 in 0..<20 {
      _ = candidacy.receive(.forbidden(reason: "no key"), now: after(second))
      _ = candidacy.receive(.rehearsed(.able), now: after(second))
      #expect(candidacy.isAble)
    }
    _ = candidacy.receive(.doubted, now: after(20))
    #expect(
      candidacy.receive(.rehearsed(.unable(reason: "no LPUSH")), now: after(20)).contains(
        .declare(.withdrawn(reason: "no LPUSH"))))
  }

  /// The daemon rehearses again to be certain that it is able, and takes the lease then.
  @Test func takesALeaseThatIsOfferedAfterAnotherRehearsal() {
    var candidacy = candidate()
    #expect(candidacy.receive(.offered, now: now) == [.rehearse])
    #expect(candidacy.receive(.rehearsed(.able), now: now) == [.declare(.able(takesOffers: true))])
    // The lease was not taken: the daemon does not rehearse again at once.
    _ = candidacy.receive(.loaded, now: now)
    #expect(candidacy.receive(.offered, now: after(1)).isEmpty)
    #expect(candidacy.receive(.offered, now: after(3)) == [.rehearse])
    let lost = Candidacy.Proof.limited(reason: "the broker is away")
    #expect(candidacy.receive(.rehearsed(lost), now: after(3)).contains(.declare(.limited)))
    #expect(candidacy.receive(.offered, now: after(9)).isEmpty)
  }

  @Test func aDoubtDuringARehearsalAsksForAnother() {
    var candidacy = Candidacy(leaseTTL: 5 * Self.second)
    _ = candidacy.receive(.connected, now: now)
    #expect(candidacy.receive(.doubted, now: now).isEmpty)
    #expect(candidacy.receive(.rehearsed(.able), now: now) == [.rehearse])
  }

  /// A right is missing without which a fire is possible. The refusal leads to a rehearsal at once; if that does not
  /// show it, not to one each time.
  @Test func aRefusalBesideAFireIsRehearsed() {
    var candidacy = candidate()
    #expect(candidacy.receive(.lacked(reason: "no XADD"), now: now) == [.rehearse])
    #expect(candidacy.receive(.lacked(reason: "no XADD"), now: now).isEmpty)
    #expect(candidacy.receive(.rehearsed(.able), now: now).isEmpty)
    #expect(candidacy.receive(.lacked(reason: "no XADD"), now: after(29)).isEmpty)
    #expect(candidacy.receive(.lacked(reason: "no XADD"), now: after(30)) == [.rehearse])
    let lacking = Candidacy.Proof.limited(reason: "no XADD")
    #expect(
      candidacy.receive(.rehearsed(lacking), now: after(30)) == [
        .report(lacking), .armTimer(after: Self.second), .declare(.limited),
      ])
    // The loss is known by now, and the timer repeats the rehearsal.
    #expect(candidacy.receive(.lacked(reason: "no XADD"), now: after(40)).isEmpty)
    // Another right is missing, too.
    #expect(candidacy.receive(.lacked(reason: "no HSCAN"), now: after(40)) == [.rehearse])
    let more = Candidacy.Proof.limited(reason: "no XADD, HSCAN")
    #expect(candidacy.receive(.rehearsed(more), now: after(40)).contains(.report(more)))
    #expect(candidacy.receive(.lacked(reason: "no HSCAN"), now: after(40)).isEmpty)
    #expect(candidacy.receive(.timerFired, now: after(41)) == [.rehearse])
    #expect(candidacy.receive(.rehearsed(.able), now: after(41)).contains(.report(.able)))
    // The right was given back, and taken again.
    #expect(candidacy.receive(.lacked(reason: "no XADD"), now: after(42)) == [.rehearse])
  }

  /// A refusal that no rehearsal shows does not hide the next one, and is not rehearsed for ever.
  @Test func anotherRefusalIsRehearsedAtOnce() {
    var candidacy = candidate()
    for number in 0..<8 {
      let isNews = candidacy.receive(.lacked(reason: "\(number)"), now: after(Int64(number))) == [.rehearse]
      #expect(isNews == (number < 5))
      if isNews { _ = candidacy.receive(.rehearsed(.able), now: after(Int64(number))) }
    }
    #expect(candidacy.receive(.lacked(reason: "0"), now: after(29)).isEmpty)
    #expect(candidacy.receive(.lacked(reason: "0"), now: after(30)) == [.rehearse])
  }

  /// An operator who has given the right back wants to see that it is noticed.
  @Test func whatAFireCanDoWithoutIsLookedForEveryFewSeconds() {
    var candidacy = candidate()
    let lacking = Candidacy.Proof.limited(reason: "no XADD")
    _ = candidacy.receive(.doubted, now: now)
    for delay: Int64 in [1, 2, 4, 5, 5, 5] {
      #expect(candidacy.receive(.rehearsed(lacking), now: now).contains(.armTimer(after: delay * Self.second)))
      #expect(candidacy.receive(.timerFired, now: now) == [.rehearse])
    }
    // A required right is missing: the pauses begin again, and become longer.
    let unable = Candidacy.Proof.unable(reason: "no LPUSH")
    #expect(candidacy.receive(.rehearsed(unable), now: now).contains(.armTimer(after: 7_500_000)))
  }

  /// Before the first proof a rehearsal comes anyway, and without a connection none is possible.
  @Test func aRefusalBeforeTheFirstProofIsNoNews() {
    var candidacy = Candidacy(leaseTTL: 5 * Self.second)
    #expect(candidacy.receive(.lacked(reason: "no XADD"), now: now).isEmpty)
    _ = candidacy.receive(.connected, now: now)
    #expect(candidacy.receive(.lacked(reason: "no XADD"), now: now).isEmpty)
    #expect(candidacy.receive(.rehearsed(.able), now: now).isEmpty)
  }
}
