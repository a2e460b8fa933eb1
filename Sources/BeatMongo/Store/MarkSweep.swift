import BeatCore

/// A walk through all marks, which removes those of deleted documents. A mark whose messages wait for the broker stays.
struct MarkSweep: Sendable {
  private static let batch = 200

  let place: MongoPlace
  let ages: WatermarkAges
  /// nil: the walk begins.
  let cursor: Int64?

  struct Step: Sendable {
    /// Where the walk continues; nil: this was the last step.
    let next: String?
    var forgotten = 0
    /// Minutes since 1970.
    var fired: [Int64] = []
    var seen: [Int64] = []
  }

  func step(by client: MongoClient) throws(MongoError) -> Step {
    let command: BSONDocument =
      if let cursor {
        ["getMore": .int64(cursor), "collection": .text(place.marks), "batchSize": .int32(Int32(Self.batch))]
      } else {
        [
          "find": .text(place.marks), "projection": ["mark": true], "filter": ["_id": ["$type": "string"]],
          "batchSize": .int32(Int32(Self.batch)),
        ]
      }
    let page = try MongoPage(try client.run(command, on: place.database))
    var step = Step(next: page.cursor == 0 ? nil : "\(page.cursor)")
    let names = page.documents.compactMap { $0["_id"]?.utf8.map { Array($0) } }
    guard !names.isEmpty else { return step }
    var living: Set<[UInt8]> = []
    try client.eachDocument(
      [
        "find": .text(place.schedules), "filter": ["name": ["$in": .array(names.map { .string($0) })]],
        "projection": ["name": true],
      ], on: place.database
    ) { document in
      if let name = document["name"]?.utf8 { living.insert(Array(name)) }
    }
    var deletions: [BSON] = []
    for document in page.documents {
      guard let name = document["_id"]?.utf8, !living.contains(Array(name)) else { continue }
      let mark = document["mark"]
      switch verdict(name: name, mark?.utf8) {
      case .keep(let minutes, true): step.fired.append(minutes)
      case .keep(let minutes, false): step.seen.append(minutes)
      case .forget:
        deletions.append([
          "q": [
            "_id": ["$eq": .string(Array(name))], "mark": mark.map { ["$eq": .value($0)] } ?? ["$exists": false],
            "pending.0": ["$exists": false], "redo": ["$exists": false],
          ],
          "limit": 1,
        ])
      }
    }
    guard !deletions.isEmpty else { return step }
    let reply = try client.write(
      [
        "delete": .text(place.marks), "ordered": false, "writeConcern": WriteConcern.one, "deletes": .array(deletions),
      ], on: place.database)
    step.forgotten = Int(clamping: reply.count)
    return step
  }

  private enum Verdict {
    case keep(minutes: Int64, isRun: Bool)
    case forget
  }

  /// What becomes of the mark of a deleted document. A time that cannot be read, or cannot be right, is forgotten.
  private func verdict(name: ArraySlice<UInt8>, _ mark: ArraySlice<UInt8>?) -> Verdict {
    guard let mark, !Limit.nameLength.isExceeded(by: name.count) else { return .forget }
    let due = mark.prefix(20)
    guard due.count == 20, let microseconds = Int64(String(decoding: due, as: UTF8.self)), microseconds >= 0 else {
      return .forget
    }
    let isRun = !mark.dropFirst(20).prefix(2).elementsEqual("||".utf8)
    let time = UnixTime(microseconds: microseconds)
    guard time >= (isRun ? ages.fired : ages.seen), time <= ages.latest else { return .forget }
    return .keep(minutes: microseconds / 60_000_000, isRun: isRun)
  }
}
