import BeatCore

/// Writes watermarks without a fire.
struct WatermarkWrite: Sendable {
  let context: MongoSessionContext
  /// The lease's token; empty: there is no lease.
  let token: String

  private var place: MongoPlace { context.place }

  /// Sets watermarks of schedules that have none.
  ///
  /// - Returns: the names that have another one.
  func putAbsent(
    _ watermarks: [(name: EntryName, watermark: Watermark)], by client: MongoClient
  ) throws(MongoError) -> [EntryName] {
    var first: [EntryName: Watermark] = [:]
    var order: [EntryName] = []
    var others: [EntryName] = []
    for (name, watermark) in watermarks {
      if first[name] == nil {
        first[name] = watermark
        order.append(name)
      } else {
        others.append(name)
      }
    }
    let reply = try client.write(
      [
        "update": .text(place.marks), "ordered": false, "writeConcern": WriteConcern.majority,
        "updates": .array(
          order.map { name in
            [
              "q": ["_id": ["$eq": .string(name.bytes)], "mark": ["$exists": false]],
              "u": ["$set": ["mark": .string(first[name]?.bytes ?? [])]], "upsert": true,
            ]
          }),
      ], on: place.database)
    for (index, error) in reply.errors where order.indices.contains(index) {
      guard error.code == .duplicate else { throw error }
      others.append(order[index])
    }
    return others
  }

  func replace(
    _ name: EntryName, expecting expectation: WatermarkExpectation, with watermark: Watermark, by client: MongoClient
  ) throws(MongoError) -> Bool {
    guard let fence = try LeaseFence.check(client, place, token: token),
      let mark = try StoredMark.find([name], in: place, by: client)[name], let bytes = mark.bytes
    else { return false }
    let isExpected =
      switch expectation {
      case .due(let time): bytes.starts(with: Watermark.digits(time).utf8)
      case .bytes(let expected): bytes.prefix(Limit.watermarkLength.most + 1).elementsEqual(expected)
      }
    guard isExpected else { return false }
    let reply = try client.write(
      [
        "update": .text(place.marks), "writeConcern": WriteConcern.majority,
        "updates": [
          [
            "q": ["_id": ["$eq": .string(name.bytes)], "mark": mark.isUnchanged],
            "u": FencedUpdate.pipeline(
              while: [fence.isBeforeLimit], set: [("mark", Expression.literal(.string(watermark.bytes)))]),
          ]
        ],
      ], on: place.database)
    // The same watermark once more changes nothing.
    return reply.changed == 1 || reply.count == 1 && bytes == watermark.bytes
  }
}
