import BeatCore

/// Carries out everything that a fire needs, in documents of this daemon's own that nobody else uses.
struct MongoRehearsal: Sendable {
  let place: MongoPlace
  let instance: String

  private var id: BSON { ["rehearsal": .text(instance)] }

  func proof(by client: MongoClient) throws(MongoError) -> Candidacy.Proof {
    do throws(MongoError) {
      try rehearseMark(client)
    } catch {
      guard !error.endsSession else { throw error }
      let reason = "no fire can be written to \(place.database).\(place.marks): \(error.message)"
      return error.isOfOurRights
        ? .unable(reason: "\(reason); \(MongoRights.advice(place))") : .undecided(reason: reason)
    }
    var lacks: [String] = []
    for (what, attempt) in lesser {
      do throws(MongoError) { try attempt(client) } catch {
        guard !error.endsSession else { throw error }
        lacks.append("\(what) (\(error.message))")
      }
    }
    guard !lacks.isEmpty else { return .able }
    return .limited(reason: "\(lacks.joined(separator: "; ")); \(MongoRights.advice(place))")
  }

  /// Inserts a mark, writes it as a fire does, takes its message out and deletes it.
  ///
  /// It has an answer, so that no other daemon takes it for a request that cannot be read, and removes it meanwhile. What
  /// a daemon leaves that dies here, the server removes by `done`.
  private func rehearseMark(_ client: MongoClient) throws(MongoError) {
    let filter: BSON = ["_id": ["$eq": id]]
    let delete: BSONDocument = [
      "delete": .text(place.marks), "deletes": [["q": filter, "limit": 1]], "writeConcern": WriteConcern.one,
    ]
    // An earlier rehearsal may have been broken off.
    try succeed(client.write(delete, on: place.database))
    try succeed(
      client.write(
        [
          "insert": .text(place.marks), "documents": [["_id": id, "pending": [], "answer": "rehearsal"]],
          "writeConcern": WriteConcern.one,
        ], on: place.database))
    try succeed(
      client.write(
        [
          "update": .text(place.marks), "writeConcern": WriteConcern.majority,
          "updates": [
            [
              "q": filter,
              "u": FencedUpdate.pipeline(
                while: [["$gt": [ServerTime.now, .int64(0)]]],
                set: [("mark", Expression.literal("rehearsal")), ("done", "$$NOW")], append: ["id": "rehearsal"],
                to: "rehearsed"),
            ],
            ["q": filter, "u": ["$pull": ["rehearsed": ["id": "rehearsal"]]]],
          ],
        ], on: place.database), count: 2)
    try succeed(client.write(delete, on: place.database))
  }

  /// - Parameter count: how many statements must have found their documents.
  private func succeed(_ reply: MongoWriteReply, count: Int64 = 0) throws(MongoError) {
    if let error = reply.errors.first?.error { throw error }
    guard reply.count >= count else { throw MongoError(.reply, "a write of the rehearsal has found no document") }
  }

  /// What a fire can do without: what is lost without it, and how it is tried. These writes find no document, and a
  /// server checks the rights before it looks for any.
  private var lesser: [(String, (MongoClient) throws(MongoError) -> Void)] {
    let nothing: BSON = ["_id": ["$eq": id]]
    func update(_ collection: String) -> (MongoClient) throws(MongoError) -> Void {
      { client throws(MongoError) in
        try succeed(
          client.write(
            [
              "update": .text(collection), "writeConcern": WriteConcern.one,
              "updates": [["q": nothing, "u": ["$set": ["rehearsed": true]]]],
            ], on: place.database))
      }
    }
    return [
      ("last_run_at and total_run_count are not written back", update(place.schedules)),
      ("no history is kept", update(place.history)), ("no receipts are written", update(place.receipts)),
      ("nothing is set aside", update(place.setAside)),
    ]
  }
}
