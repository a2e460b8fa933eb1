import BeatCore
import Testing

/// Tests the suites themselves: an adapter with one wrong method must fail the case that is named for it.
@Suite("The conformance suites find a wrong method") struct BrokenAdapterTests {
  @Test(arguments: StoreFault.allCases) func aStoreIsFound(_ fault: StoreFault) throws {
    let promise = try #require(
      StoreCase.all.first { $0.description == fault.caughtBy }, "there is no case \"\(fault.caughtBy)\"")
    let delivery: Delivery = promise.needs.contains(.outbox) ? .outbox : .direct
    #expect(promise.breaches(of: ModelStage(delivery)) == [])
    let breaches = promise.breaches(of: BrokenStage(fault, delivery))
    #expect(!breaches.isEmpty, "\(fault) keeps \"\(promise)\"")
    if let breach = breaches.first { print("\(fault) does not keep \"\(promise)\": \(breach)") }
  }

  @Test(arguments: PublisherFault.allCases) func aPublisherIsFound(_ fault: PublisherFault) throws {
    let promise = try #require(
      PublisherCase.all.first { $0.description == fault.caughtBy }, "there is no case \"\(fault.caughtBy)\"")
    #expect(promise.breaches(of: ModelPublisherStage()) == [])
    let breaches = promise.breaches(of: BrokenPublisherStage(fault))
    #expect(!breaches.isEmpty, "\(fault) keeps \"\(promise)\"")
    if let breach = breaches.first { print("\(fault) does not keep \"\(promise)\": \(breach)") }
  }
}
