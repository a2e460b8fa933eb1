import BeatCore

/// The first commands of a session: what the daemons' collections need, and the number of the session.
struct SessionOpening: Sendable {
  let place: MongoPlace

  struct Result: Sendable {
    /// The number of this session. The messages of a later session come after those of an earlier one.
    let number: Int64
    /// What the server refused of that which the daemon can do without.
    var lack: String?
    /// What begins to run with this session, the first one here.
    var leftOut: LeftOutDocuments?
  }

  func result(by client: MongoClient) throws(MongoError) -> Result {
    let leftOut = try LeftOutSearch(place: place).result(by: client)
    // Any lease document at all: a fire reads it for the server's time.
    _ = try client.write(
      [
        "update": .text(place.daemon), "writeConcern": WriteConcern.one,
        "updates": [
          ["q": ["_id": .text(DaemonDocument.lease)], "u": ["$setOnInsert": ["until": .int64(0)]], "upsert": true]
        ],
      ], on: place.database)
    _ = try client.run(
      [
        "createIndexes": .text(place.marks),
        "indexes": [
          ["key": ["pending.seq": 1], "name": "pending", "sparse": true],
          ["key": ["done": 1], "name": "done", "expireAfterSeconds": 60],
        ],
      ], on: place.database)
    let lack = try NameIndex.lack(place, client)
    // The number comes last. Where it is counted a daemon has been, and nobody is told any more of what was left out.
    let number = try MongoSequence.opened(client, place)
    return Result(number: number, lack: lack, leftOut: leftOut)
  }
}
