/// Searches for schedules in other collections of the database, when this daemon's has none. It is bounded: it looks at
/// the first documents of a limited number of collections.
struct NeighbourSearch {
  private static let mostCollections = 100
  private static let mostDocuments = 20

  let place: MongoPlace

  /// The collections, as `<database>.<collection>`, by name; none if this user may not list them.
  func result(by client: MongoClient) throws(MongoError) -> [String] {
    let listed: [BSONDocument]
    do throws(MongoError) {
      listed = try client.documents(
        ["listCollections": 1, "nameOnly": true, "authorizedCollections": true, "cursor": ["batchSize": 1000]],
        on: place.database)
    } catch {
      guard error.isOfOurRights else { throw error }
      return []
    }
    let collections = listed.compactMap { document -> String? in
      guard let name = document["name"]?.text, name != place.schedules, !name.hasPrefix("system."),
        !name.contains(".reactivebeat.")
      else { return nil }
      return name
    }.sorted()
    var found: [String] = []
    for collection in collections.prefix(Self.mostCollections) where try holdsSchedules(collection, client) {
      found.append("\(place.database).\(collection)")
    }
    return found
  }

  private func holdsSchedules(_ collection: String, _ client: MongoClient) throws(MongoError) -> Bool {
    do throws(MongoError) {
      return try !client.documents(
        [
          "aggregate": .text(collection),
          "pipeline": [
            ["$limit": .int32(Int32(Self.mostDocuments))],
            [
              "$match": [
                "name": ["$type": "string"], "task": ["$type": "string"],
                "$or": [["interval": ["$exists": true]], ["crontab": ["$exists": true]]],
              ]
            ], ["$limit": 1], ["$project": ["_id": true]],
          ], "cursor": [:],
        ], on: place.database
      ).isEmpty
    } catch {
      // One that this user may not read is none that it could name.
      guard error.isOfOurRights else { throw error }
      return false
    }
  }
}
