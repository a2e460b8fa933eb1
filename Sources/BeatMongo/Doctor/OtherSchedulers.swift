import BeatCore

/// Looks for the traces of other schedulers among the documents.
struct OtherSchedulers {
  /// How recent a run must be; milliseconds.
  private static let recent: Int64 = 900_000
  /// The most documents of each kind that are read.
  private static let most = 200

  /// Schedules that have run lately, and not by a daemon of ours: their `last_run_at` is later than their watermark.
  private(set) var moving: [EntryName] = []
  /// Schedules that no daemon of ours has seen yet, and that celerybeat-mongo leaves out: it finds the documents in which
  /// it has written its class.
  private(set) var ignored: [EntryName] = []

  init(_ place: MongoPlace, by client: MongoClient) throws(MongoError) {
    let now = try ServerTime.read(client)
    let ran = try Self.find(
      ["last_run_at": ["$gte": .milliseconds(now - Self.recent), "$lte": .milliseconds(now + 60_000)]], place, client)
    let marks = try StoredMark.find(ran.compactMap(\.name), in: place, by: client)
    for (name, document) in ran {
      guard let name, let last = document["last_run_at"]?.milliseconds else { continue }
      let known = marks[name]?.state.watermark.map { ServerTime.milliseconds($0.due) }
      // A first look writes `last_run_at` too. Runs of ours write the due time, which the watermark has.
      if last > (known ?? 0) + 1000 { moving.append(name) }
    }
    guard try !Self.find(["_cls": "PeriodicTask"], place, client, most: 1).isEmpty else { return }
    let without = try Self.find(
      ["_cls": ["$exists": false], "enabled": ["$ne": false], "task": ["$type": "string"]], place, client)
    let seen = try StoredMark.find(without.compactMap(\.name), in: place, by: client)
    ignored = EntryName.inOrder(without.compactMap(\.name).filter { seen[$0]?.mark == nil })
  }

  private static func find(
    _ filter: BSON, _ place: MongoPlace, _ client: MongoClient, most: Int = most
  ) throws(MongoError) -> [(name: EntryName?, document: BSONDocument)] {
    try client.documents(
      [
        "find": .text(place.schedules), "filter": filter, "limit": .int32(Int32(most)),
        "projection": ["name": true, "last_run_at": true], "batchSize": .int32(Int32(most) + 1),
      ], on: place.database
    ).map { ($0["name"]?.utf8.map { EntryName(Array($0)) }, $0) }
  }
}
