import BeatCore

/// What follows fires, and what no message waits for: the notes of answered requests are taken back, and the history
/// gets its entries.
struct FireFollowUp: Sendable {
  let context: MongoSessionContext
  /// The fires that answered `run_immediately`: the schedule, and the task's id.
  let answered: [(name: EntryName, id: [UInt8])]
  let runs: [FireRecord]

  /// - Returns: what the server refused.
  func result(by client: MongoClient) throws(MongoError) -> [String] {
    try takeBackNotes(client)
    return try context.history.add(runs, by: client).map { [$0] } ?? []
  }

  /// From then on `run_immediately` in a document is a new request, whatever else stands there.
  private func takeBackNotes(_ client: MongoClient) throws(MongoError) {
    guard !answered.isEmpty else { return }
    _ = try client.write(
      [
        "update": .text(context.place.marks), "ordered": false, "writeConcern": WriteConcern.one,
        "updates": .array(
          answered.map { name, id in
            [
              "q": ["_id": ["$eq": .string(name.bytes)], "redo.id": .string(id)],
              "u": ["$unset": ["redo": true]],
            ]
          }),
      ], on: context.place.database)
  }
}
