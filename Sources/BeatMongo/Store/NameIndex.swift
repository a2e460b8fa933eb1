/// The index by which schedules are found by their names. mongoengine makes an index of its own, and a second one of the
/// same name would keep it from doing so.
enum NameIndex {
  private static let name = "reactivebeat_name"

  static func isThere(_ place: MongoPlace, _ client: MongoClient) throws(MongoError) -> Bool {
    do throws(MongoError) {
      let indexes = try client.documents(
        ["listIndexes": .text(place.schedules), "cursor": ["batchSize": 1000]], on: place.database)
      return indexes.contains(where: beginsWithName)
    } catch {
      // The collection does not exist yet, or this user may not look.
      guard !error.endsSession else { throw error }
      return false
    }
  }

  /// Sees to it that there is one.
  ///
  /// - Returns: why there is none.
  static func lack(_ place: MongoPlace, _ client: MongoClient) throws(MongoError) -> String? {
    if try isThere(place, client) { return nil }
    do throws(MongoError) {
      _ = try client.run(
        [
          "createIndexes": .text(place.schedules), "indexes": [["key": ["name": 1, "_id": 1], "name": .text(name)]],
        ], on: place.database)
      return nil
    } catch {
      guard !error.endsSession else { throw error }
      return
        "schedules are found by their names without an index, which is slow: \(error.message); let a user who may do "
        + "so run \(script(place))"
    }
  }

  /// The command for a user who may make indexes.
  static func script(_ place: MongoPlace) -> String {
    "\(MongoShell.collection(place.schedules)).createIndex({name: 1, _id: 1}, {name: \"\(name)\"})"
  }

  private static func beginsWithName(_ index: BSONDocument) -> Bool {
    guard var keys = index["key"]?.members, let first = keys.next() else { return false }
    return first.isNamed("name") && index["partialFilterExpression"] == nil && index["collation"] == nil
  }
}
