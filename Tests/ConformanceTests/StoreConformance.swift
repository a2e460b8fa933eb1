import Testing

/// Every store keeps what `BeatCore/Ports` promises, in cases named for the promises. A new store is added to
/// `adapters`, and nothing else is written here.
@Suite("Every store keeps what the ports promise") struct StoreConformance {
  static let adapters: [StoreAdapter] = [
    .model, .modelWithOutbox, .redis, .redisWithOutbox, .redisCluster, .redisTracking, .mongo,
  ]

  struct Pair: Sendable, CustomTestStringConvertible {
    let adapter: StoreAdapter
    let promise: StoreCase

    var testDescription: String { "\(adapter): \(promise)" }
  }

  static let pairs = adapters.flatMap { adapter in
    StoreCase.all(for: adapter).map { Pair(adapter: adapter, promise: $0) }
  }

  @Test(arguments: pairs) func keeps(_ pair: Pair) throws {
    for breach in pair.promise.breaches(of: try pair.adapter.make()) {
      Issue.record("\(pair.adapter) does not keep \"\(pair.promise)\": \(breach)")
    }
  }

  @Test func namesOfCasesAreDifferent() {
    #expect(Set(StoreCase.all.map(\.description)).count == StoreCase.all.count)
  }
}
