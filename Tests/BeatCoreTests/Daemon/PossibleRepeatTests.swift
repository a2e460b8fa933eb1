import Testing

@testable import BeatCore
@testable import BeatDriver

/// What may reach a queue twice where the broker does not drop repeats, on virtual time.
@Suite struct PossibleRepeatTests {
  /// As with an exchange of which one queue is full: the others get one more copy each time.
  @Test func eachTimeThatItIsSentAgainCounts() {
    let stage = RelayStage()
    stage.publisher.script["a"] = [.uncertain("its channel died"), .uncertain("its channel died")]
    stage.start()
    stage.fire("a")
    #expect(stage.outbox.ids == ["a"] && stage.complaints == ["its channel died"] && stage.repeats.count == 0)
    stage.wait(seconds: 5)
    #expect(stage.publisher.arrived == ["a"] && stage.outbox.ids.isEmpty)
    #expect(stage.repeats.count == 2 && stage.repeats.ofEarlierLeader == 0)
    #expect(stage.repeats.first?.taskID == TaskID(text: "a"))
    // The doubt is over.
    stage.fire("b")
    #expect(stage.repeats.count == 2)
  }

  @Test func anUncertainMessageHoldsItsLane() {
    let stage = RelayStage()
    stage.publisher.script["a"] = [.uncertain("its channel died")]
    stage.start()
    stage.fire("a")
    stage.fire("b")
    stage.fire("c", to: "other")
    #expect(stage.publisher.arrived == ["c"])
    stage.wait(seconds: 2)
    #expect(stage.publisher.arrived == ["c", "a", "b"])
  }

  /// A queue that takes one message at each retry gets the next one a second later, not a minute.
  @Test func aQueueWithLittleRoomIsTriedOften() {
    let stage = RelayStage()
    for number in 0..<20 {
      stage.outbox.add("\(number)", to: "full")
      stage.publisher.script["\(number)"] = Array(repeating: .refused("it is full"), count: number)
    }
    stage.start()
    stage.wait(seconds: 30)
    #expect(stage.publisher.arrived.count == 20, "\(stage.publisher.arrived.count)")
  }

  /// The broker has settled it after all: its lane does not wait for the timer.
  @Test func aSettledMessageLetsItsLaneGoOnAtOnce() {
    let stage = RelayStage()
    stage.publisher.script["a"] = [.uncertain("no confirm")] + Array(repeating: .tooSoon, count: 9)
    stage.publisher.script["b"] = Array(repeating: .tooSoon, count: 9)
    stage.start()
    stage.fire("a")
    stage.fire("b")
    stage.wait(seconds: 5)
    #expect(stage.publisher.arrived == [])
    stage.publisher.script = [:]
    stage.turn { stage.publisher.settle() }
    #expect(stage.publisher.arrived == ["a", "b"])
  }

  @Test func whatWasRefusedIsNoRepeat() {
    let stage = RelayStage()
    stage.publisher.script["a"] = [.refused("no queue"), .unable("no memory")]
    stage.start()
    stage.fire("a")
    stage.wait(seconds: 10)
    #expect(stage.publisher.arrived == ["a"] && stage.repeats.count == 0)
  }

  @Test func aConnectionThatDiesPutsWhatIsUnderWayInDoubt() {
    let stage = RelayStage()
    stage.start()
    stage.publisher.silent = ["a", "b"]
    stage.fire("a", "b")
    #expect(stage.relay.isInDoubt)
    stage.publisher.silent = []
    stage.turn { stage.publisher.die() }
    stage.wait(seconds: 30)
    stage.fire("c")
    #expect(stage.publisher.arrived == ["a", "b", "a", "b", "c"] && stage.outbox.ids.isEmpty)
    #expect(stage.repeats.count == 2 && stage.repeats.ofEarlierLeader == 0)
    #expect(!stage.relay.isInDoubt)
  }

  /// The relay ends its connection itself, as when the store's session ends.
  @Test func aRelayThatIsStoppedRemembersWhatWasUnderWay() {
    let stage = RelayStage()
    stage.start()
    stage.publisher.silent = ["a", "b"]
    stage.fire("a")
    stage.turn { stage.relay.stop() }
    stage.publisher.silent = []
    #expect(stage.relay.isInDoubt)
    stage.start()
    #expect(stage.repeats.count == 1)
  }

  /// The broker has confirmed it, so another attempt would be a repeat for certain.
  @Test func whatIsDeliveredAndCannotBeTakenOutIsNotPublishedAgain() {
    let stage = RelayStage()
    stage.outbox.refusesToRemove = Refusal(.other, "no")
    stage.start()
    stage.fire("a")
    stage.wait(seconds: 30)
    stage.turn { stage.relay.stop() }
    stage.start()
    #expect(stage.outbox.ids == ["a"] && stage.publisher.arrived == ["a"])
    stage.outbox.refusesToRemove = nil
    stage.wait(seconds: 61)
    #expect(stage.outbox.ids.isEmpty && stage.publisher.arrived == ["a"] && stage.repeats.count == 0)
  }

  /// A repeat is told though the connection dies before the window has come to its end.
  @Test func aRepeatInAWindowThatIsBrokenOffIsToldAllTheSame() {
    let stage = RelayStage()
    stage.publisher.script["a"] = [.uncertain("its channel died")]
    stage.start()
    stage.publisher.silent = ["b"]
    stage.fire("a")
    stage.outbox.add("b", to: "other")
    stage.wait(seconds: 2)
    #expect(stage.outbox.ids == ["b"] && stage.repeats.count == 0)
    stage.turn { stage.publisher.die() }
    #expect(stage.repeats.count == 1)
  }

  @Test func aBrokerThatDropsRepeatsHasNone() {
    let stage = RelayStage(dropsRepeats: true)
    stage.start(isHeir: true)
    stage.publisher.silent = ["a", "b"]
    stage.fire("a")
    stage.publisher.silent = []
    stage.turn { stage.publisher.die() }
    stage.wait(seconds: 30)
    #expect(stage.publisher.arrived == ["a"] && stage.outbox.ids.isEmpty && stage.repeats.count == 0)
    #expect(stage.relay.repeats == nil && !stage.relay.isInDoubt)
  }

  // MARK: an earlier leader

  @Test func whatWaitedAtTheStartMayHaveBeenSentByTheLeaderBefore() {
    let stage = RelayStage()
    for number in 0..<200 { stage.outbox.add("old-\(number)", to: "q") }
    stage.start(isHeir: true)
    stage.fire("new")
    #expect(stage.outbox.ids.isEmpty && stage.publisher.arrived.count == 201)
    // The leader before had one window under way, and no more.
    #expect(stage.repeats.count == 128 && stage.repeats.ofEarlierLeader == 128)
    #expect(stage.repeats.first?.taskID == TaskID(text: "old-0"))
  }

  @Test func whatWasFiredSinceIsNotInDoubt() {
    let stage = RelayStage()
    stage.outbox.add("old", to: "q")
    stage.publisher.script["old"] = [.refused("no queue")]
    stage.start(isHeir: true)
    stage.fire("new", to: "other")
    #expect(stage.publisher.arrived == ["new"] && stage.repeats.count == 0)
    stage.wait(seconds: 2)
    #expect(stage.publisher.arrived == ["new", "old"] && stage.repeats.count == 1)
  }

  @Test func whereNothingWaitedAtTheStartNothingIsInDoubt() {
    let stage = RelayStage()
    stage.start(isHeir: true)
    stage.fire("a", "b")
    #expect(stage.repeats.count == 0)
  }

  @Test func afterALeaderThatEndedInOrderNothingIsInDoubt() {
    let stage = RelayStage()
    stage.outbox.add("old", to: "q")
    stage.start()
    #expect(stage.publisher.arrived == ["old"] && stage.repeats.count == 0)
  }

  @Test(arguments: [(true, true), (false, false)]) func aRecordTellsOfTheLeaderBefore(_ leads: Bool, _ expected: Bool) {
    let surroundings = VirtualSurroundings(at: UnixTime(seconds: 1_800_000_000), offset: 0, seed: 1)
    let registry = ToldRegistry(surroundings)
    registry.told = .success([("me", .sample(isLeading: true)), ("before", .sample(isLeading: leads))])
    var answer: Bool?
    surroundings.turn(at: surroundings.now) {
      EarlierLeader.mayHavePublished(registry, but: "me") { answer = $0 }
    }
    #expect(answer == expected)
    registry.told = .failure(Refusal(.forbidden, "NOPERM"))
    surroundings.turn(at: surroundings.now) {
      EarlierLeader.mayHavePublished(registry, but: "me") { answer = $0 }
    }
    #expect(answer == true, "what cannot be read may say anything")
  }

  @Test func aRecordCountsThem() throws {
    var record = DaemonRecord.sample(isLeading: true)
    #expect(!String(decoding: record.bytes, as: UTF8.self).contains("possible_repeats"))
    (record.possibleRepeats, record.setAside) = (3, 2)
    #expect(try #require(DaemonRecord(record.bytes)) == record)
  }
}

extension DaemonRecord {
  fileprivate static func sample(isLeading: Bool) -> DaemonRecord {
    DaemonRecord(
      version: "1", host: "h", processID: 1, since: UnixTime(seconds: 1), isLeading: isLeading, events: "keyspace",
      delivery: "outbox", schedules: 0, rejected: 0, repaired: 0, timezone: "UTC", broker: "b")
  }
}

/// Tells records as a test has them.
private final class ToldRegistry: DaemonRegistry {
  private unowned let surroundings: VirtualSurroundings
  var told: Result<[(instance: String, record: DaemonRecord)], Refusal> = .success([])

  init(_ surroundings: VirtualSurroundings) { self.surroundings = surroundings }

  func write(_ record: DaemonRecord, then completion: @escaping Completion<Void>) {}
  func remove() {}
  func sweep() {}
  func others(then completion: @escaping Completion<[(instance: String, record: DaemonRecord)]>) {
    surroundings.soon { [told] in completion(told) }
  }
  func isAlive(_ instance: String, then completion: @escaping Completion<Bool>) {}
}
