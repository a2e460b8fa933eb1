import Testing

/// Every publisher keeps what `BeatCore/Ports` promises, in cases named for the promises. A new publisher is added to
/// `adapters`, and nothing else is written here.
@Suite("Every publisher keeps what the port promises") struct PublisherConformance {
  static let adapters: [PublisherAdapter] = [.model, .redis, .rabbit]

  struct Pair: Sendable, CustomTestStringConvertible {
    let adapter: PublisherAdapter
    let promise: PublisherCase

    var testDescription: String { "\(adapter): \(promise)" }
  }

  static let pairs = adapters.flatMap { adapter in PublisherCase.all.map { Pair(adapter: adapter, promise: $0) } }

  @Test(arguments: pairs) func keeps(_ pair: Pair) throws {
    for breach in pair.promise.breaches(of: try pair.adapter.make()) {
      Issue.record("\(pair.adapter) does not keep \"\(pair.promise)\": \(breach)")
    }
  }

  @Test func namesOfCasesAreDifferent() {
    #expect(Set(PublisherCase.all.map(\.description)).count == PublisherCase.all.count)
  }
}
