import BeatCore

/// A walk through the names of all documents, by a cursor on the server. The `_id`s may be of several types, and a
/// condition such as "greater than the last" would find those of one type only.
struct NameWalk: Sendable {
  private static let batch = 500

  let place: MongoPlace
  /// nil: the walk begins.
  let cursor: Int64?

  /// A document that was found.
  struct Found: Sendable {
    /// `{_id}`
    let id: BSONDocument
    /// nil: the document has no name that is text.
    let name: EntryName?
  }

  struct Step: Sendable {
    /// Where the walk continues; nil: this was the last step.
    let next: String?
    var found: [Found] = []
    var ignored = IgnoredNames()
  }

  func step(by client: MongoClient) throws(MongoError) -> Step {
    let command: BSONDocument =
      if let cursor {
        ["getMore": .int64(cursor), "collection": .text(place.schedules), "batchSize": .int32(Int32(Self.batch))]
      } else {
        [
          "find": .text(place.schedules), "projection": ["name": true], "batchSize": .int32(Int32(Self.batch)),
        ]
      }
    let page = try MongoPage(try client.run(command, on: place.database))
    var step = Step(next: page.cursor == 0 ? nil : "\(page.cursor)")
    for document in page.documents {
      guard let id = document["_id"] else { continue }
      let name = document["name"]?.utf8.map { Array($0) }
      if let name, Limit.nameLength.isExceeded(by: name.count) {
        step.ignored.add(longest: name.count, head: Array(name.prefix(IgnoredNames.headLength)))
      } else {
        step.found.append(Found(id: ["_id": .value(id)], name: name.map { EntryName($0) }))
      }
    }
    return step
  }
}
