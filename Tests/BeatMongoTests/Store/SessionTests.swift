import BeatCore
import Testing

@testable import BeatMongo

/// How a session begins.
@Suite struct SessionTests {
  /// A server that was busy for a moment must not make a daemon poll for the rest of its life.
  @Test func aStreamThatIsSlowIsTriedAgain() throws {
    let bench = try StoreBench()
    let proxy = try ServerProxy(to: bench.server)
    proxy.loseReplies(from: { MongoServer.command(in: $0)?.name == "getMore" })
    let settings = MongoStoreSettings(
      try MongoURL(bench.server.url(by: proxy)), bench.place, maximumLead: 50_000, maximumDocumentLength: 1_048_576,
      outboxLimit: 100, historyLength: 100)
    let connector = MongoStoreConnector(settings, as: "a", incarnation: "w", on: bench.loop)
    var end: SessionFailure?
    let connection = connector.open(changeDetection: .stream, fence: { "" }) { event in
      if case .ended(let failure) = event { end = failure }
    }
    defer { connection.close() }
    #expect(bench.loop.serve(20_000_000) { end != nil })
    guard case .notReady(let reason) = end else {
      Issue.record("\(end.debugDescription)")
      return
    }
    #expect(reason.contains("brings no events"))
  }
}
