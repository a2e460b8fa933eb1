import Testing

/// Each store keeps what `BeatCore/Ports` promises, in cases that are named for it. A store that is added stands in
/// `adapters`, and nothing else has to be written here.
@Suite("Every store keeps what the ports promise") struct StoreConformance {
  static let adapters: [StoreAdapter] = [.model, .modelWithOutbox, .redis, .redisWithOutbox, .redisTracking]

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
