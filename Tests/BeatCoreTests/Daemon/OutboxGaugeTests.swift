import Testing

@testable import BeatCore
@testable import BeatDriver

@Suite struct OutboxGaugeTests {
  private var gauge = OutboxGauge()

  private func at(_ seconds: Int64) -> BootTime { BootTime(microseconds: seconds * 1_000_000) }
  private func handle(_ id: String) -> OutboxHandle { OutboxHandle(Array(id.utf8)) }

  @Test mutating func beforeTheFirstReadNothingIsKnown() {
    gauge.put(at: at(1))
    gauge.left(handle("a"), at: at(2))
    #expect(gauge.count == nil && gauge.oldestSince == nil)
  }

  @Test mutating func aMessageCountsFromWhenItIsPutIntoTheEmptyOutbox() {
    gauge.read(count: 0, first: nil, at: at(0))
    gauge.put(at: at(5))
    gauge.put(at: at(6))
    #expect(gauge.count == 2 && gauge.oldestSince == at(5))
    gauge.read(count: 2, first: handle("a"), at: at(7))
    #expect(gauge.oldestSince == at(5))
  }

  @Test mutating func whatWaitedBeforeThisDaemonCountsFromItsFirstRead() {
    gauge.read(count: 3, first: handle("a"), at: at(2))
    gauge.read(count: 3, first: handle("a"), at: at(9))
    #expect(gauge.count == 3 && gauge.oldestSince == at(2))
  }

  /// The next message was there at the last read, so it has waited since then at least.
  @Test mutating func theAgeIsThatOfTheOldestThatIsLeft() {
    gauge.read(count: 2, first: handle("a"), at: at(2))
    gauge.put(at: at(3))
    gauge.left(handle("a"), at: at(4))
    #expect(gauge.count == 2 && gauge.oldestSince == at(2))
    gauge.read(count: 2, first: handle("b"), at: at(5))
    #expect(gauge.oldestSince == at(2))
    gauge.left(handle("b"), at: at(6))
    #expect(gauge.count == 1 && gauge.oldestSince == at(5))
  }

  @Test mutating func whatWasPutAfterTheReadCountsFromThen() {
    gauge.read(count: 1, first: handle("a"), at: at(2))
    gauge.put(at: at(3))
    gauge.put(at: at(4))
    gauge.left(handle("a"), at: at(5))
    #expect(gauge.count == 2 && gauge.oldestSince == at(3))
  }

  /// Under a steady load the outbox is never seen empty, and no message waits long.
  @Test mutating func anOutboxThatIsNeverEmptyDoesNotGrowOlder() {
    gauge.read(count: 1, first: handle("0"), at: at(0))
    for second in 1...100 as ClosedRange<Int64> {
      gauge.put(at: at(second))
      gauge.left(handle("\(second - 1)"), at: at(second))
      gauge.read(count: 1, first: handle("\(second)"), at: at(second))
    }
    #expect(gauge.count == 1 && gauge.oldestSince == at(100))
  }

  @Test mutating func aHeadThatSomebodyElseTookOutIsNoticed() {
    gauge.read(count: 2, first: handle("a"), at: at(2))
    gauge.read(count: 1, first: handle("b"), at: at(8))
    #expect(gauge.count == 1 && gauge.oldestSince == at(8))
    gauge.read(count: 0, first: nil, at: at(9))
    #expect(gauge.count == 0 && gauge.oldestSince == nil)
  }

  // MARK: of a relay

  @Test func aRelayKeepsIt() {
    let stage = RelayStage()
    stage.start()
    #expect(stage.relay.gauge.count == 0)
    stage.publisher.silent = ["b"]
    let since = stage.surroundings.bootTime
    stage.fire("a", "b")
    stage.wait(seconds: 30)
    #expect(stage.relay.gauge.count == 1 && stage.relay.gauge.oldestSince == since)
    stage.turn { stage.publisher.die() }
    #expect(stage.relay.connectionsLost == 1)
    stage.publisher.silent = []
    stage.wait(seconds: 10)
    #expect(stage.relay.gauge.count == 0 && stage.relay.gauge.oldestSince == nil && stage.outbox.ids == [])
    stage.turn { stage.relay.stop() }
    #expect(stage.relay.gauge.count == nil)
  }

  @Test func messagesThatAreSetAsideHaveLeft() {
    let stage = RelayStage()
    stage.start()
    stage.publisher.script["a"] = [.impossible("too long")]
    stage.publisher.script["b"] = [.refused("no queue"), .refused("no queue")]
    stage.fire("a", "b")
    #expect(stage.relay.gauge.count == 1 && stage.outbox.ids == ["b"])
  }
}
