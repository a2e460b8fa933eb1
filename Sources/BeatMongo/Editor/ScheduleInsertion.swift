import BeatCore
import BeatLoop
import Glibc

/// Inserts documents of names that no document has.
///
/// Where a unique index stands on `name`, as celerybeat-mongo makes one, the server refuses a second document of a name.
/// Elsewhere it would take it, and no update that inserts could do better: two of them at once insert two documents. So
/// each client looks after its insert whether another document of the name is there. Of two clients that insert at the
/// same moment, the one with the greater `_id` takes its document back, and the other one waits for that. If the other
/// document stays, it was there first.
struct ScheduleInsertion {
  /// How long a client waits for another one to take its document back; microseconds.
  private static let patience: Int64 = 200_000

  let place: MongoPlace
  let documents: [(name: EntryName, document: BSONDocument)]

  /// The `_id`s of the new documents in their order; nil: another document has the name.
  func result(by client: MongoClient) throws(MongoError) -> [Result<BSONValue?, MongoError>] {
    guard !documents.isEmpty else { return [] }
    let whole = documents.map { Self.whole($0.document, named: $0.name) }
    let reply = try client.write(
      [
        "insert": .text(place.schedules), "ordered": false, "writeConcern": WriteConcern.majority,
        "documents": .array(whole.map { .document($0) }),
      ], on: place.database)
    var results: [Result<BSONValue?, MongoError>] = whole.map { .success($0["_id"]) }
    for (index, error) in reply.errors where results.indices.contains(index) {
      results[index] = error.code == .duplicate ? .success(nil) : .failure(error)
    }
    try yield(&results, client)
    return results
  }

  /// The document with a new `_id`, and with its schedule's name.
  private static func whole(_ document: BSONDocument, named name: EntryName) -> BSONDocument {
    var writer = BSONWriter()
    writer.add("_id", objectID: newID())
    if document["name"] == nil { writer.add("name", .string(name.bytes)) }
    for member in document.members where !member.isNamed("_id") {
      if member.isNamed("name") { writer.add("name", .string(name.bytes)) } else { writer.add(member) }
    }
    return writer.document
  }

  /// An ObjectId's twelve bytes: the seconds since 1970, and a random number.
  private static func newID() -> [UInt8] {
    let seconds = UInt32(truncatingIfNeeded: SystemClock.now().microseconds / 1_000_000)
    let random = UInt64.random(in: .min ... .max)
    return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: seconds >> UInt32($0)) }
      + stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: random >> UInt64($0)) }
  }

  /// Takes back what has a name that another document has.
  private func yield(_ results: inout [Result<BSONValue?, MongoError>], _ client: MongoClient) throws(MongoError) {
    let start = MonotonicTime.now()
    while true {
      let own = results.indices.compactMap { index -> (index: Int, id: BSONValue)? in
        if case .success(let id?) = results[index] { (index, id) } else { nil }
      }
      let rivals = try self.rivals(of: own, client)
      guard !rivals.isEmpty else { return }
      let isOver = MonotonicTime.now().microseconds(since: start) >= Self.patience
      let given = rivals.filter { isOver || !$0.isLowest }
      if !given.isEmpty {
        try client.write(
          [
            "delete": .text(place.schedules), "ordered": false, "writeConcern": WriteConcern.majority,
            "deletes": .array(given.map { ["q": ["_id": ["$eq": .value($0.id)]], "limit": 1] }),
          ], on: place.database
        ).requireNoError()
        for rival in given { results[rival.index] = .success(nil) }
      }
      if given.count == rivals.count { return }
      usleep(10_000)
    }
  }

  /// Those of our new documents whose name another document has.
  private func rivals(
    of own: [(index: Int, id: BSONValue)], _ client: MongoClient
  ) throws(MongoError) -> [(index: Int, id: BSONValue, isLowest: Bool)] {
    guard !own.isEmpty else { return [] }
    let names = own.map { documents[$0.index].name }
    let found = try StoredSchedules.find(names, fields: ["name": true], in: place, by: client)
    return zip(own, names).compactMap { own, name in
      let others = found.others(name, than: ["_id": .value(own.id)])
      guard !others.isEmpty else { return nil }
      return (own.index, own.id, others.allSatisfy { own.id.precedes($0["_id"]) })
    }
  }
}

extension BSONValue {
  /// Whether it comes first in the order by which of two documents of a name the first one runs.
  func precedes(_ other: BSONValue?) -> Bool { sortKey.lexicographicallyPrecedes(other?.sortKey ?? []) }
}
