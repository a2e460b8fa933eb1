import Testing

@testable import BeatCore

@Suite("Delivery: messages have the form that the store's session asks for")
struct DeliveryTests {
  private static let name = EntryName("a")
  private static let document = Sample.document(interval: #"{"every": 1, "period": "seconds"}"#)

  private func connect(_ bench: inout SchedulerBench, _ delivery: Delivery, after plan: FirePlan?) {
    _ = bench.receive(.loadStarted(delivery))
    _ = bench.read(Self.name, plan.map { String($0.newDocument) } ?? Self.document, plan?.watermark)
    _ = bench.receive(.loadFinished)
  }

  private func isNeutral(_ plan: FirePlan) -> Bool { OutboxMessage(plan.message)?.form == .neutral }

  /// The template of the schedule is for the very document that the next session finds, and for the other form.
  @Test(arguments: [(Delivery.direct, Delivery.outbox), (.outbox, .direct), (.outbox, .outbox), (.direct, .direct)])
  func aSessionAfterAnother(_ first: Delivery, _ second: Delivery) {
    var bench = SchedulerBench { $0.templatesFrom = 0 }
    connect(&bench, first, after: nil)
    let before = bench.run(5).fires
    #expect(before.count >= 4 && bench.scheduler.templates.count == 1)
    #expect(before.allSatisfy { isNeutral($0) == (first == .outbox) })

    _ = bench.receive(.disconnected)
    connect(&bench, second, after: before.last)
    #expect(bench.scheduler.templates.count == (first == second ? 1 : 0))
    let after = bench.run(5).fires
    #expect(after.count >= 4 && bench.scheduler.templates.count == 1)
    #expect(after.allSatisfy { isNeutral($0) == (second == .outbox) })
    #expect(Set((before + after).map(\.taskID)).count == before.count + after.count)
  }

  @Test(arguments: [Delivery.direct, .outbox]) func aRunByHand(_ delivery: Delivery) throws {
    var bench = SchedulerBench()
    connect(&bench, delivery, after: nil)
    #expect(isNeutral(try bench.scheduler.plan(of: Self.name, for: "r", now: bench.now)) == (delivery == .outbox))
  }
}
