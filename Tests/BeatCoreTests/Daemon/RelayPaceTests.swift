import Testing

@testable import BeatCore
@testable import BeatDriver

/// When the outbox is read, and when its deferred items are tried again; without a clock.
@Suite struct RelayPaceTests {
  private static let second: Int64 = 1_000_000

  private func connected() -> RelayPace {
    var pace = RelayPace()
    _ = pace.receive(.connected)
    return pace
  }

  private func part(
    deferred: Bool = false, walkDeferred: Bool? = nil, isLast: Bool = true, freed: Bool = false
  ) -> RelayPace.Event {
    .partDone(
      RelayPace.Part(
        hasDeferred: deferred, walkHasDeferred: walkDeferred ?? deferred, isLast: isLast, hasFreed: freed))
  }

  /// With a connection the outbox is read to its end, and then not again until something comes.
  @Test func readsToTheEnd() {
    var pace = RelayPace()
    #expect(pace.receive(.nudged) == [] && !pace.isConnected && !pace.isWalking)
    #expect(pace.receive(.connected) == [.read])
    #expect(pace.isConnected && pace.isWalking)
    #expect(pace.receive(part(isLast: false)) == [.read])
    #expect(pace.receive(part()) == [.forgetComplaints, .cancelTimer, .rest])
    #expect(pace.isConnected && !pace.isWalking)
    #expect(pace.receive(.nudged) == [.read])
  }

  /// An item that comes while the last part is read may be in no part so far, so another part is read.
  @Test func readsWhatCameMeanwhile() {
    var pace = connected()
    #expect(pace.receive(.nudged) == [])
    #expect(pace.receive(part()) == [.read])
    #expect(pace.receive(part()) == [.forgetComplaints, .cancelTimer, .rest])
    // A part that is read again also has what came before.
    _ = pace.receive(.nudged)
    #expect(pace.receive(.nudged) == [])
    #expect(pace.receive(.outdated(isMoved: false)) == [.read])
    #expect(pace.receive(part()) == [.forgetComplaints, .cancelTimer, .rest])
  }

  /// The wait doubles up to a minute, and begins anew after a walk that finds no deferred item.
  @Test func waitsLonger() {
    var pace = connected()
    var waits: [Int64] = []
    for _ in 0..<8 {
      guard case .armTimer(let wait)? = pace.receive(part(deferred: true)).first else { break }
      waits.append(wait / Self.second)
      #expect(pace.receive(.timerFired) == [.beginAgain])
    }
    #expect(waits == [1, 2, 4, 8, 16, 32, 60, 60])
    #expect(pace.receive(part()) == [.forgetComplaints, .cancelTimer, .rest])
    _ = pace.receive(.nudged)
    #expect(pace.receive(part(deferred: true)) == [.armTimer(Self.second), .rest])
  }

  /// A queue with little room takes some at each retry.
  @Test func whereARetryHelpsTheNextIsSoon() {
    var pace = connected()
    for wait in [1, 2, 4] as [Int64] {
      #expect(pace.receive(part(deferred: true)) == [.armTimer(wait * Self.second), .rest])
      _ = pace.receive(.timerFired)
    }
    #expect(pace.receive(part(deferred: true, freed: true)) == [.armTimer(Self.second), .rest])
  }

  /// The timer is armed at the first deferred item, so that a stream without an end does not postpone the retry.
  @Test func retriesWithinAWalk() {
    var pace = connected()
    #expect(pace.receive(part(deferred: true, isLast: false)) == [.armTimer(Self.second), .read])
    #expect(pace.receive(part(deferred: true, isLast: false)) == [.read], "the timer runs already")
    #expect(pace.receive(.timerFired) == [])
    #expect(pace.receive(part(walkDeferred: true, isLast: false)) == [.beginAgain])
    #expect(pace.receive(part(walkDeferred: true)) == [.armTimer(2 * Self.second), .rest])
    #expect(pace.receive(.nudged) == [.read])
    #expect(pace.receive(part(deferred: true)) == [.rest], "the timer runs on")
  }

  /// An outbox whose known items have moved is walked from its beginning. The retry's timer stays.
  /// A broker that takes messages again need not wait for the timer.
  @Test func retriesAtOnceWhenTheBrokerTakesMessagesAgain() {
    var pace = connected()
    #expect(pace.receive(part(deferred: true)).contains(.armTimer(1_000_000)))
    #expect(pace.receive(.retry) == [.cancelTimer, .beginAgain])
    // Within a walk, it begins again at the end of the part.
    #expect(pace.receive(.retry) == [.cancelTimer])
    #expect(pace.receive(part(deferred: true)).contains(.beginAgain))
    // The wait begins anew with the shortest.
    #expect(pace.receive(part(deferred: true)).contains(.armTimer(1_000_000)))
    _ = pace.receive(.disconnected)
    #expect(pace.receive(.retry) == [])
  }

  @Test func beginsAgainWhereItMoved() {
    var pace = connected()
    _ = pace.receive(part(deferred: true, isLast: false))
    #expect(pace.receive(.outdated(isMoved: true)) == [.beginAgain])
    #expect(pace.receive(part(walkDeferred: true)) == [.rest])
  }

  /// An outbox that cannot be read is tried again, also if the retry's timer goes off while it is read.
  @Test func readsAgainAfterAFailure() {
    var pace = connected()
    #expect(pace.receive(.failed) == [.armTimer(Self.second), .rest])
    #expect(pace.receive(.timerFired) == [.beginAgain])
    #expect(pace.receive(part(deferred: true, isLast: false)) == [.armTimer(2 * Self.second), .read])
    #expect(pace.receive(.failed) == [.rest], "the timer runs already")
    _ = pace.receive(.nudged)
    #expect(pace.receive(.timerFired) == [])
    #expect(pace.receive(.failed) == [.armTimer(4 * Self.second), .rest])
  }

  /// Without a connection nothing happens, and the retry is cancelled. The next wait is longer than the last one, as if
  /// there had been no break.
  @Test func startsAnewWithEachConnection() {
    var pace = connected()
    _ = pace.receive(part(deferred: true, isLast: false))
    #expect(pace.receive(.disconnected) == [.cancelTimer, .rest])
    #expect(pace.receive(part()) == [] && pace.receive(.failed) == [] && pace.receive(.nudged) == [])
    #expect(!pace.isConnected && !pace.isWalking)
    #expect(pace.receive(.connected) == [.read])
    #expect(pace.receive(part(deferred: true)) == [.armTimer(2 * Self.second), .rest])
  }

  @Test func illegalMoves() {
    var pace = RelayPace()
    #expect(pace.receive(.timerFired) == [.illegal(.timerWhileAway)])
    #expect(pace.receive(.outdated(isMoved: false)) == [.illegal(.noPart)])
    _ = pace.receive(.connected)
    #expect(pace.receive(.connected) == [.illegal(.connectedTwice)] && pace.isWalking)
    _ = pace.receive(part())
    for event in [part(), .failed, .outdated(isMoved: true)] {
      #expect(pace.receive(event) == [.illegal(.noPart)] && !pace.isWalking)
    }
  }
}

@Suite struct RelayComplaintsTests {
  private func lane(_ number: Int) -> Lane { Lane(Array("\(number)".utf8)) }

  /// Each reason of a lane is logged once, until the lane has taken a message.
  @Test func saysEachReasonOnce() {
    var complaints = RelayComplaints()
    #expect(complaints.isNews("full", about: lane(1)) && complaints.isNews("full", about: nil))
    #expect(!complaints.isNews("full", about: lane(1)) && !complaints.isNews("full", about: nil))
    #expect(complaints.isNews("gone", about: lane(1)) && complaints[lane(1)] == "gone")
    complaints.delivered(to: lane(1))
    #expect(complaints[lane(1)] == nil && complaints.isNews("gone", about: lane(1)))
  }

  @Test func isBounded() {
    var complaints = RelayComplaints()
    for number in 0..<RelayComplaints.most { #expect(complaints.isNews("full", about: lane(number)) == true) }
    #expect(!complaints.isNews("full", about: lane(-1)) && complaints[lane(-1)] == nil)
    #expect(complaints.isNews("gone", about: lane(0)) == true, "a lane that has its place")
    complaints.removeAll()
    #expect(complaints.isNews("full", about: lane(-1)) == true)
  }
}
