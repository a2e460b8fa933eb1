import BeatCore

/// Looks for the traces of other schedulers that are still at work.
struct OtherSchedulers {
  /// How recent a run must be; milliseconds.
  private static let recent: Int64 = 900_000
  /// The most documents that are read.
  private static let most: Int32 = 200

  /// Schedules that have run lately, and not by a daemon of ours: their `last_run_at` is later than their watermark.
  private(set) var moving: [EntryName] = []

  init(_ place: MongoPlace, by client: MongoClient) throws(MongoError) {
    let now = try ServerTime.read(client)
    let ran = try client.documents(
      [
        "find": .text(place.schedules),
        "filter": ["last_run_at": ["$gte": .milliseconds(now - Self.recent), "$lte": .milliseconds(now + 60_000)]],
        "projection": ["name": true, "last_run_at": true], "limit": .int32(Self.most),
        "batchSize": .int32(Self.most + 1),
      ], on: place.database
    ).compactMap { document in document["name"]?.utf8.map { (name: EntryName(Array($0)), document: document) } }
    let marks = try StoredMark.find(ran.map(\.name), in: place, by: client)
    for (name, document) in ran {
      guard let last = document["last_run_at"]?.milliseconds else { continue }
      let known = marks[name]?.state.watermark.map { ServerTime.milliseconds($0.due) }
      // A first look writes `last_run_at` too. Runs of ours write the due time, which the watermark has.
      if last > (known ?? 0) + 1000 { moving.append(name) }
    }
  }
}
