import BeatCore

/// What the Celery application has published of itself.
extension MongoStoreClient {
  /// One that no daemon reads counts as none.
  package func application() throws(StoreError) -> [UInt8]? {
    let place = schedules
    let manifest = try ask { client throws(MongoError) in try StoredManifest.read(client, place) }
    do throws(ManifestProblem) { return try manifest?.bytes() } catch { return nil }
  }

  package func publishApplication(_ bytes: [UInt8], inPlaceOf seen: [UInt8]?) throws(StoreError) -> Bool {
    let place = schedules
    let stands: BSON =
      seen.map { ["$in": [.string($0), .binary($0)]] } ?? ["$in": [.null, .string([]), .binary([])]]
    return try ask { client throws(MongoError) in
      let reply = try client.write(
        [
          "update": .text(place.daemon), "writeConcern": WriteConcern.majority,
          "updates": [
            [
              "q": ["_id": .text(DaemonDocument.application), "manifest": stands],
              "u": ["$set": ["manifest": .string(bytes)]], "upsert": .bool(seen == nil),
            ]
          ],
        ], on: place.database)
      if let error = reply.errors.first?.error {
        guard error.code == .duplicate else { throw error }
        return false
      }
      return reply.count == 1
    }
  }
}
