import BeatCore
import BeatLoop

@testable import BeatMongo

/// A server, a loop, and the daemons that use them.
final class StoreBench {
  let server: MongoServer
  let loop: EventLoop
  let place = MongoPlace(database: "celery", schedules: "schedules")

  init() throws {
    server = try MongoServer()
    loop = try EventLoop()
  }

  /// A client of the calling thread.
  func client() throws -> MongoClient { try MongoClient(MongoURL(server.url("directConnection=true"))) }

  /// The calls of a daemon.
  func calls() throws -> MongoCalls {
    let url = try MongoURL(server.url("directConnection=true"))
    let thread = try MongoThread(on: loop) { () throws(MongoError) in try MongoClient(url) }
    return MongoCalls(thread, place, on: loop) { _ in }
  }

  func context(
    as instance: String, session: Int64 = 1, outboxLimit: Int = 100, historyLength: Int = 100
  ) -> MongoSessionContext {
    let sequence = MongoSequence(session: session)
    return MongoSessionContext(
      place: place, instance: instance, sequence: sequence, outboxLimit: outboxLimit,
      history: HistoryEntries(place, length: historyLength, sequence: sequence), maximumDocumentLength: 1_048_576,
      maximumLead: 50_000, ownWrites: OwnWrites(), room: OutboxRoom(limit: outboxLimit))
  }

  /// Makes a call and waits for its answer.
  func get<Value>(_ call: (@escaping Completion<Value>) -> Void) throws -> Value {
    var answer: Result<Value, Refusal>?
    call { answer = $0 }
    guard loop.serve(20_000_000, until: { answer != nil }), let answer else { throw Failure("no answer", 0) }
    return try answer.get()
  }
}

extension MongoClient {
  /// Writes one document, in the place of the one before.
  func put(_ document: BSONDocument, in collection: String, of place: MongoPlace) throws(MongoError) {
    _ = try run(
      [
        "update": .text(collection),
        "updates": [["q": ["_id": .optional(document["_id"])], "u": .document(document), "upsert": true]],
      ], on: place.database)
  }

  func all(in collection: String, of place: MongoPlace) throws(MongoError) -> [BSONDocument] {
    try documents(
      ["find": .text(collection), "sort": ["_id": 1], "batchSize": 10_000], on: place.database)
  }
}
