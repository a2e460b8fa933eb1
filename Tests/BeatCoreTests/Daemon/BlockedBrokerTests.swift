import Testing

@testable import BeatCore
@testable import BeatDriver

/// A broker that stays connected and takes no messages, on virtual time.
@Suite struct BlockedBrokerTests {
  private func losses(_ stage: RelayStage) -> [String] {
    stage.events.compactMap { if case .brokerLost(let reason, _) = $0 { reason } else { nil } }
  }

  private func returns(_ stage: RelayStage) -> Int {
    stage.events.count { if case .brokerBack = $0 { true } else { false } }
  }

  @Test func itIsSaidOnceAndAllIsDeliveredInOrderAtOnceWhenItIsOver() {
    let stage = RelayStage()
    stage.start()
    stage.turn { stage.publisher.blocking = "no memory" }
    stage.fire("a", "b")
    stage.wait(seconds: 200)
    stage.fire("c")
    #expect(losses(stage) == ["no memory"] && stage.complaints.isEmpty && returns(stage) == 0)
    #expect(stage.publisher.arrived.isEmpty && stage.outbox.ids == ["a", "b", "c"])
    stage.turn { stage.publisher.blocking = nil }
    #expect(stage.publisher.arrived == ["a", "b", "c"] && stage.outbox.ids.isEmpty)
    #expect(returns(stage) == 1 && stage.repeats.count == 0)
  }

  /// What could not be sent for this reason does not count as a jam of its queue.
  @Test func theOutboxStillTakesMessages() {
    let stage = RelayStage()
    stage.start()
    stage.turn { stage.publisher.blocking = "no memory" }
    for index in 0..<(Limit.deferredMessages.most + 20) { stage.fire("\(index)") }
    #expect(stage.relay.refusal(of: .queue("q"), priority: 0) == nil)
  }
}
