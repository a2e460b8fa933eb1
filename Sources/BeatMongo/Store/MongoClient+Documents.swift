/// The commands of the adapters, with the parts of their replies that count.
extension MongoClient {
  /// Returns the first batch of a command that has a cursor, and closes the cursor if there is more.
  func documents(_ command: BSONDocument, on database: String) throws(MongoError) -> [BSONDocument] {
    let page = try MongoPage(try run(command, on: database))
    if page.cursor != 0, let collection = page.collection { try close(page.cursor, of: collection, on: database) }
    return page.documents
  }

  /// Closes a cursor that is not read to its end.
  func close(_ cursor: Int64, of collection: String, on database: String) throws(MongoError) {
    _ = try run(["killCursors": .text(collection), "cursors": [.int64(cursor)]], on: database)
  }

  /// Carries out writes.
  ///
  /// - Returns: what became of them.
  /// - Throws: also if the write is not certain to stay (`writeConcernError`): it was carried out, and may be undone.
  func write(_ command: BSONDocument, on database: String) throws(MongoError) -> MongoWriteReply {
    let reply = MongoWriteReply(try run(command, on: database))
    if let doubt = reply.concern { throw doubt }
    return reply
  }
}

/// One batch of a cursor.
struct MongoPage {
  let documents: [BSONDocument]
  /// 0: the batch is the last.
  let cursor: Int64
  let collection: String?

  init(_ reply: BSONDocument) throws(MongoError) {
    guard let cursor = reply["cursor"], let batch = cursor["firstBatch"] ?? cursor["nextBatch"],
      let members = batch.members, let id = cursor["id"]?.integer
    else { throw MongoError(.reply, "the server's answer has no cursor") }
    documents = members.compactMap { $0.value.document }
    self.cursor = id
    // "<database>.<collection>", and a collection's name may hold dots, while that of a database may not.
    collection = cursor["ns"]?.text.flatMap { name in
      name.firstIndex(of: ".").map { String(name[name.index(after: $0)...]) }
    }
  }
}

/// The reply to an insert, an update or a delete.
struct MongoWriteReply {
  /// How many statements have found their document.
  let count: Int64
  /// How many documents an update has changed.
  let changed: Int64
  /// The errors of single statements: which one, and why.
  let errors: [(index: Int, error: MongoError)]
  /// Why the writes are not certain to stay; nil: they are.
  let concern: MongoError?

  init(_ reply: BSONDocument) {
    count = reply["n"]?.integer ?? 0
    changed = reply["nModified"]?.integer ?? 0
    errors =
      (reply["writeErrors"]?.members).map { members in
        members.compactMap { member in
          guard let index = member.value["index"]?.integer.flatMap({ Int(exactly: $0) }) else { return nil }
          return (index, MongoError(statement: member.value))
        }
      } ?? []
    concern = reply["writeConcernError"].map { MongoError(concern: $0) }
  }
}

/// The write concerns of the daemons' commands.
enum WriteConcern {
  /// What a fire, a lease and a heartbeat write must not be lost when the primary dies. The wait is shorter than the
  /// patience for an answer, so that a slow secondary is told apart from a dead server.
  static let majority: BSON = ["w": "majority", "j": true, "wtimeout": 2000]
  /// What may be lost with the primary: a later write puts it right.
  static let one: BSON = ["w": 1]
}

extension MongoClient {
  /// Reads a cursor to its end, or until `body` returns false.
  func walk(
    _ command: BSONDocument, on database: String, while body: (BSONDocument) throws(MongoError) -> Bool
  ) throws(MongoError) {
    var page = try MongoPage(try run(command, on: database))
    while true {
      for document in page.documents where try !body(document) {
        if page.cursor != 0, let collection = page.collection {
          try close(page.cursor, of: collection, on: database)
        }
        return
      }
      guard page.cursor != 0, let collection = page.collection else { return }
      page = try MongoPage(try run(["getMore": .int64(page.cursor), "collection": .text(collection)], on: database))
    }
  }

  /// Reads a cursor to its end.
  func eachDocument(
    _ command: BSONDocument, on database: String, _ body: (BSONDocument) -> Void
  ) throws(MongoError) {
    try walk(command, on: database) { (document) throws(MongoError) in
      body(document)
      return true
    }
  }
}
