import Testing

@testable import BeatCore
@testable import BeatDriver

/// A whole daemon on virtual time whose broker does not drop repeats: what it finds out about the leader before, what
/// its record says, and what it leaves behind.
@Suite struct RelayDaemonTests {
  private let stage = DaemonStage()

  private func item(_ id: String) -> OutboxItem {
    OutboxItem(taskID: TaskID(text: id), route: .queue("q"), priority: 0, message: Array(id.utf8))
  }

  private func leader(_ leads: Bool) -> DaemonRecord {
    var record = DaemonStage.record
    record.isLeading = leads
    return record
  }

  /// The record of the dead is swept as soon as another daemon leads, so it is read before.
  @Test func afterALeaderThatWasKilledWhatWaitedMayBeARepeat() throws {
    for id in ["a", "b"] { stage.store.contents.wait(item(id)) }
    stage.store.contents.records["before"] = leader(true)
    try stage.start()
    stage.run(seconds: 10)
    #expect(stage.publisher.arrived == ["a", "b"] && stage.store.contents.outbox.isEmpty)
    #expect(stage.repeats.map(\.count) == [2] && stage.repeats.first?.ofEarlierLeader == 2)
    #expect(stage.store.contents.records["before"] == nil)
    #expect(stage.store.contents.records["me"]?.possibleRepeats == 2)
  }

  @Test func afterALeaderThatEndedInOrderNothingIs() throws {
    stage.store.contents.wait(item("a"))
    stage.store.contents.records["another"] = leader(false)
    try stage.start()
    stage.run(seconds: 10)
    #expect(stage.publisher.arrived == ["a"] && stage.repeats.isEmpty)
    #expect(stage.store.contents.records["me"]?.possibleRepeats == 0)
  }

  /// Until it hears of that, the daemon that offered its lease sends what waits, too.
  @Test func afterALeaderThatOfferedItsLeaseNothingIsSentForHalfALease() throws {
    stage.store.contents.wait(item("a"))
    stage.store.offerLease(of: "another:1", until: stage.surroundings.now.advanced(by: 300_000_000))
    try stage.start()
    var seconds = 0
    while !stage.isLeading, seconds < 60 {
      stage.run(seconds: 1)
      seconds += 1
    }
    #expect(stage.isLeading && stage.publisher.arrived == [])
    stage.run(seconds: 2)
    #expect(stage.publisher.arrived == ["a"])
  }

  @Test func theRecordCountsWhatIsSetAside() throws {
    stage.store.contents.wait(item("a"))
    stage.publisher.script["a"] = [.impossible("too long a name")]
    try stage.start()
    stage.run(seconds: 10)
    #expect(stage.store.contents.setAside.map(\.reason) == ["too long a name"])
    #expect(stage.store.contents.records["me"]?.setAside == 1)
  }

  @Test func aDaemonThatEndsInOrderTakesItsRecordOut() throws {
    stage.store.contents.wait(item("a"))
    try stage.start()
    stage.run(seconds: 10)
    #expect(stage.store.contents.records["me"]?.isLeading == true)
    stage.stop()
    #expect(stage.hasEnded && stage.store.contents.records["me"] == nil && stage.store.contents.lease == nil)
  }

  /// The broker does not answer, and the stop does not wait for it for ever.
  @Test func oneThatDoesNotKnowWhatHasArrivedLeavesIt() throws {
    stage.publisher.silent = ["a"]
    stage.store.contents.wait(item("a"))
    try stage.start()
    stage.run(seconds: 10)
    stage.stop()
    #expect(stage.hasEnded && stage.store.contents.lease == nil)
    #expect(stage.store.contents.records["me"]?.isLeading == true)
  }
}
