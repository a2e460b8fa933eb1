import Testing

@testable import BeatCore
@testable import BeatDriver

/// Messages that the broker will never take, on virtual time: they leave, and no other message waits for them.
@Suite struct SetAsideTests {
  @Test(arguments: [true, false]) func anImpossibleMessageLeavesAndItsLaneGoesOn(_ dropsRepeats: Bool) {
    let stage = RelayStage(dropsRepeats: dropsRepeats)
    stage.publisher.script["b"] = [.impossible("a name of 256 bytes")]
    stage.start()
    stage.fire("a", "b", "c", "d")
    // A broker that drops repeats waits for the one before, until that is gone.
    stage.wait(seconds: 2)
    #expect(stage.publisher.arrived == ["a", "c", "d"] && stage.outbox.ids.isEmpty)
    #expect(stage.outbox.aside.map(\.id) == ["b"] && stage.outbox.aside.first?.reason == "a name of 256 bytes")
    let told = stage.events.compactMap {
      if case .setAside(let item, let reason) = $0 { (item.taskID, reason) } else { nil }
    }
    #expect(told.count == 1 && told.first?.0 == TaskID(text: "b") && told.first?.1 == "a name of 256 bytes")
    #expect(stage.complaints == [])
  }

  @Test(arguments: [true, false]) func whereThePlaceIsFullItStaysAloneAndOthersPass(_ dropsRepeats: Bool) {
    let stage = RelayStage(dropsRepeats: dropsRepeats)
    stage.publisher.script["a"] = Array(repeating: .impossible("no such thing"), count: 9)
    stage.outbox.room = 0
    stage.start()
    stage.fire("a", "b", "c")
    stage.wait(seconds: 20)
    stage.fire("d")
    #expect(stage.publisher.arrived == ["b", "c", "d"] && stage.outbox.ids == ["a"])
    #expect(stage.publisher.published.filter { $0 == "a" }.count == 1, "what is impossible is asked for once")
    #expect(stage.complaints.count == 1 && stage.complaints[0].contains("no such thing"))
    #expect(stage.complaints[0].contains("1000 messages are set aside already"))
    // Somebody makes room.
    stage.outbox.room = 1
    stage.wait(seconds: 61)
    #expect(stage.outbox.ids.isEmpty && stage.outbox.aside.map(\.id) == ["a"])
  }

  /// A server that ends the connection for a message would end it for ever.
  @Test func whereThePlaceIsFullItIsNotSentOnTheNextConnection() {
    let stage = RelayStage()
    stage.publisher.script["a"] = Array(repeating: .impossible("no such thing"), count: 9)
    stage.outbox.room = 0
    stage.start()
    stage.fire("a", "b")
    for _ in 0..<3 {
      stage.turn { stage.publisher.die() }
      stage.wait(seconds: 61)
    }
    #expect(stage.publisher.published.filter { $0 == "a" }.count == 1)
    #expect(stage.outbox.ids == ["a"] && stage.publisher.arrived == ["b"])
  }

  @Test func whereTheStoreRefusesItStaysAloneAndIsTriedAgain() {
    let stage = RelayStage()
    stage.publisher.script["a"] = [.impossible("no such thing")]
    stage.outbox.refusesToSetAside = Refusal(.forbidden, "NOPERM")
    stage.start()
    stage.fire("a", "b")
    stage.wait(seconds: 5)
    #expect(stage.publisher.arrived == ["b"] && stage.outbox.ids == ["a"])
    #expect(stage.complaints.count == 1 && stage.complaints[0].contains("NOPERM"), "\(stage.complaints)")
    stage.outbox.refusesToSetAside = nil
    stage.wait(seconds: 61)
    #expect(stage.outbox.ids.isEmpty && stage.outbox.aside.map(\.id) == ["a"])
  }

  /// The session has ended. The next one does the rest.
  @Test func whereTheAnswerIsLostTheItemIsNotTouched() {
    let stage = RelayStage()
    stage.publisher.script["a"] = Array(repeating: .impossible("no such thing"), count: 2)
    stage.outbox.refusesToSetAside = .lost
    stage.start()
    stage.fire("a")
    #expect(stage.outbox.ids == ["a"] && stage.complaints == [])
    stage.outbox.refusesToSetAside = nil
    stage.turn { stage.relay.stop() }
    stage.start()
    #expect(stage.outbox.ids.isEmpty && stage.outbox.aside.map(\.id) == ["a"])
  }

  /// Otherwise one schedule that can never send would fill the outbox.
  @Test func aLaneWithManyOfThemGetsNoMoreInTheEnd() {
    var walk = OutboxWalk()
    let (bad, good) = (Lane([1]), Lane([2]))
    for _ in 0..<1000 { walk.pass(in: bad) }
    walk.passed(1000, deferred: 1000, newest: OutboxHandle([1]), isLast: false)
    #expect(!walk.blocks([bad]) && walk.refuses(bad) && !walk.refuses(good))
    walk.beginAgain()
    #expect(walk.refuses(bad), "until this walk has passed as many")
  }

  @Test func theRelayRefusesFurtherMessagesForSuchALane() {
    let stage = RelayStage()
    stage.outbox.room = 0
    for number in 0..<Limit.deferredMessages.most {
      stage.publisher.script["\(number)"] = [.impossible("never")]
      stage.outbox.add("\(number)", to: "q")
    }
    stage.start()
    #expect(stage.relay.refusal(of: .queue("q"), priority: 0) != nil)
    #expect(stage.relay.refusal(of: .queue("other"), priority: 0) == nil)
    stage.fire("good")
    #expect(stage.publisher.arrived == ["good"], "what waits is passed all the same")
  }

  /// A walk that begins again in its middle has delivered some already, and never comes past as many as the one before.
  @Test func aWalkThatBeginsAgainInItsMiddleEndsTheRefusalsToo() {
    let stage = RelayStage()
    for number in 0..<Limit.deferredMessages.most {
      // The first window; the others wait behind it.
      if number < 128 { stage.publisher.script["\(number)"] = [.uncertain("no confirm")] }
      stage.outbox.add("\(number)", to: "q")
    }
    stage.start()
    #expect(stage.relay.refusal(of: .queue("q"), priority: 0) != nil)
    stage.turn { for _ in 0..<3 { stage.publisher.settle() } }
    #expect(stage.outbox.ids.isEmpty && stage.relay.refusal(of: .queue("q"), priority: 0) == nil)
    #expect(stage.events.contains { if case .unblocked = $0 { true } else { false } })
  }

  /// Schedules whose fires were refused need not wait for their own time.
  @Test func aConnectionThatDiesEndsTheRefusals() {
    let stage = RelayStage()
    for number in 0..<Limit.deferredMessages.most {
      stage.publisher.script["\(number)"] = Array(repeating: .uncertain("no confirm"), count: 9)
      stage.outbox.add("\(number)", to: "q")
    }
    stage.start()
    #expect(stage.relay.refusal(of: .queue("q"), priority: 0) != nil)
    func isUnblocked() -> Bool { stage.events.contains { if case .unblocked = $0 { true } else { false } } }
    #expect(!isUnblocked())
    stage.turn { stage.publisher.die() }
    #expect(isUnblocked() && stage.relay.refusal(of: .queue("q"), priority: 0) == nil)
  }

  @Test func whatIsRememberedIsBounded() {
    var messages = ImpossibleMessages()
    for number in 0...Limit.messagesSetAside.most { messages.note(TaskID(text: "\(number)"), "never") }
    #expect(messages[TaskID(text: "0")] == "never" && messages[TaskID(text: "1000")] == nil)
    messages.left(TaskID(text: "0"))
    #expect(messages[TaskID(text: "0")] == nil)
  }
}
