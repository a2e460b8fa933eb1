/// Changes of one document that return what it holds afterwards.
extension MongoClient {
  /// Changes a document, or makes it, so that the change outlasts the primary's death.
  ///
  /// The reply is the document after the change: what was there before is stored by the change itself where it is
  /// needed.
  ///
  /// - Parameters:
  ///   - update: operators, or an array: the stages of a pipeline.
  ///   - fields: what is returned. Other clients may have stored more in the document.
  func findAndUpdate(
    _ id: String, in collection: String, on database: String, by update: BSON, returning fields: [String]
  ) throws(MongoError) -> BSONDocument {
    let command: BSONDocument = [
      "findAndModify": .text(collection), "query": ["_id": .text(id)], "update": update, "upsert": true, "new": true,
      "fields": .fields(fields.map { ($0, 1) }), "writeConcern": WriteConcern.majority,
    ]
    // Two daemons may make the document at the same moment. One of them then finds it there.
    for _ in 0..<3 {
      do throws(MongoError) {
        let reply = try run(command, on: database)
        if let doubt = reply["writeConcernError"] { throw MongoError(concern: doubt) }
        if let document = reply["value"]?.document { return document }
      } catch {
        guard error.code == .duplicate else { throw error }
      }
    }
    throw MongoError(.reply, "\(collection): \"\(id)\" could not be made")
  }
}
