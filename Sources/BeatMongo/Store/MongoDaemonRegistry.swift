import BeatCore

/// The daemons' records, a document for each: `{_id: "record:<instance>", record: <text>}`.
final class MongoDaemonRegistry: DaemonRegistry {
  /// The most records that are listed.
  private static let most = 1000
  private static let sweepSize = 100
  /// How long a heartbeat stays after its daemon's death, for who wants to know when that was; milliseconds.
  private static let remembrance: Int64 = 3_600_000

  private let calls: MongoCalls
  private let instance: String

  init(_ calls: MongoCalls, _ context: MongoSessionContext) {
    self.calls = calls
    instance = context.instance
  }

  func write(_ record: DaemonRecord, then completion: @escaping Completion<Void>) {
    let (place, id) = (calls.place, DaemonDocument.record(instance))
    let bytes = record.bytes
    calls.perform(
      { client throws(MongoError) in
        let reply = try client.write(
          [
            "update": .text(place.daemon),
            "updates": [["q": ["_id": .text(id)], "u": ["$set": ["record": .string(bytes)]], "upsert": true]],
            "writeConcern": WriteConcern.one,
          ], on: place.database)
        if let first = reply.errors.first { throw first.error }
      }, then: completion)
  }

  func remove() {
    let (place, id) = (calls.place, DaemonDocument.record(instance))
    calls.perform(
      { client throws(MongoError) in try Self.delete([.text(id)], client, place) }, then: { _ in })
  }

  func others(then completion: @escaping Completion<[(instance: String, record: DaemonRecord)]>) {
    let (place, own) = (calls.place, DaemonDocument.record(instance))
    calls.perform(
      { client throws(MongoError) -> [Record] in
        let walk = Self.records(place, reading: true, step: Self.most)
        var found = try walk.page(client, on: place.database, from: nil).documents
        // Other clients may have written more documents than there are daemons, and this daemon's stands behind them.
        if found.count == Self.most, !found.contains(where: { $0["_id"]?.text == own }) {
          found.removeLast()
          found += try client.documents(
            ["find": .text(place.daemon), "filter": ["_id": .text(own)], "limit": 1], on: place.database)
        }
        return found.compactMap { document -> Record? in
          guard let name = document["_id"]?.text, let text = document["record"]?.utf8,
            let record = DaemonRecord(Array(text))
          else { return nil }
          return Record(instance: String(name.dropFirst(DaemonDocument.recordPrefix.count)), record: record)
        }
      }, then: { result in completion(result.map { records in records.map { ($0.instance, $0.record) } }) })
  }

  private struct Record: Sendable {
    let instance: String
    let record: DaemonRecord
  }

  func isAlive(_ instance: String, then completion: @escaping Completion<Bool>) {
    let place = calls.place
    calls.perform(
      { client throws(MongoError) in try !Self.living([instance], client, place).isEmpty }, then: completion)
  }

  /// Removes the records of daemons without a heartbeat, and heartbeats that are long over.
  func sweep() {
    let place = calls.place
    func step(from position: String?, after steps: Int) {
      calls.perform(
        { client throws(MongoError) in
          let page = try Self.records(place, reading: false, step: Self.sweepSize)
            .page(client, on: place.database, from: position)
          // The heartbeats are read after the records: a daemon writes its heartbeat first.
          let ids = page.documents.compactMap { $0["_id"]?.text }
          let instances = ids.map { String($0.dropFirst(DaemonDocument.recordPrefix.count)) }
          let living = try Self.living(instances, client, place)
          let dead = instances.filter { !living.contains($0) }.map { BSON.text(DaemonDocument.record($0)) }
          if !dead.isEmpty { try Self.delete(dead, client, place) }
          if page.next == nil { try Self.forgetHeartbeats(client, place) }
          return page.next
        },
        then: { result in
          guard case .success(let next?) = result, !Limit.scanSteps.isExceeded(by: steps + 1) else { return }
          step(from: next, after: steps + 1)
        })
    }
    step(from: nil, after: 0)
  }

  private static func records(_ place: MongoPlace, reading: Bool, step: Int) -> IDWalk {
    IDWalk(
      collection: place.daemon, types: [(.string, .text(DaemonDocument.recordPrefix))],
      end: .text(DaemonDocument.end(of: DaemonDocument.recordPrefix)),
      fields: reading ? ["record": Expression.kept("record", atMost: Limit.ownFieldLength.most)] : ["_id": 1],
      step: step)
  }

  /// Which of these daemons have a heartbeat.
  private static func living(
    _ instances: [String], _ client: MongoClient, _ place: MongoPlace
  ) throws(MongoError) -> Set<String> {
    guard !instances.isEmpty else { return [] }
    let names = Dictionary(instances.map { (DaemonDocument.heartbeat($0), $0) }) { first, _ in first }
    let found = try client.documents(
      [
        "aggregate": .text(place.daemon),
        "pipeline": [
          ["$match": ["_id": ["$in": .array(names.keys.map { .text($0) })]]],
          ["$project": ["at": 1, "now": ServerTime.now]],
        ], "cursor": ["batchSize": .int64(Int64(names.count) + 1)],
      ], on: place.database)
    return Set(
      found.compactMap { document in
        guard let id = document["_id"]?.text, let at = document["at"]?.integer, let now = document["now"]?.integer,
          HeartbeatDocument.isYoung(at, at: now)
        else { return nil }
        return names[id]
      })
  }

  private static func forgetHeartbeats(_ client: MongoClient, _ place: MongoPlace) throws(MongoError) {
    let prefix = DaemonDocument.heartbeatPrefix
    _ = try client.write(
      [
        "delete": .text(place.daemon),
        "deletes": [
          [
            "q": [
              "_id": ["$gte": .text(prefix), "$lt": .text(DaemonDocument.end(of: prefix))],
              "$expr": [
                "$and": [
                  Expression.isWhole("at"), ["$lt": ["$at", ["$subtract": [ServerTime.now, .int64(remembrance)]]]],
                ]
              ],
            ], "limit": 0,
          ]
        ], "writeConcern": WriteConcern.one,
      ], on: place.database)
  }

  private static func delete(_ ids: [BSON], _ client: MongoClient, _ place: MongoPlace) throws(MongoError) {
    _ = try client.write(
      [
        "delete": .text(place.daemon), "deletes": [["q": ["_id": ["$in": .array(ids)]], "limit": 0]],
        "writeConcern": WriteConcern.one,
      ], on: place.database)
  }
}
