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
    for name in try put(try insert(order, first, client), first, client) { others.append(name) }
    return others
  }

  /// Makes marks, since most schedules without a watermark have none.
  ///
  /// - Returns: the names that have a mark.
  private func insert(
    _ names: [EntryName], _ watermarks: [EntryName: Watermark], _ client: MongoClient
  ) throws(MongoError) -> [EntryName] {
    guard !names.isEmpty else { return [] }
    let reply = try client.write(
      [
        "insert": .text(place.marks), "ordered": false, "writeConcern": WriteConcern.majority,
        "documents": .array(names.map { ["_id": .string($0.bytes), "mark": .string(watermarks[$0]?.bytes ?? [])] }),
      ], on: place.database)
    return try Self.duplicates(reply, of: names)
  }

  /// Sets watermarks in marks that have none.
  ///
  /// - Returns: the names that have another one.
  private func put(
    _ names: [EntryName], _ watermarks: [EntryName: Watermark], _ client: MongoClient
  ) throws(MongoError) -> [EntryName] {
    guard !names.isEmpty else { return [] }
    let reply = try client.write(
      [
        "update": .text(place.marks), "ordered": false, "writeConcern": WriteConcern.majority,
        "updates": .array(
          names.map { name in
            [
              "q": ["_id": ["$eq": .string(name.bytes)], "mark": ["$exists": false]],
              "u": ["$set": ["mark": .string(watermarks[name]?.bytes ?? [])]], "upsert": true,
            ]
          }),
      ], on: place.database)
    return try Self.duplicates(reply, of: names)
  }

  private static func duplicates(_ reply: MongoWriteReply, of names: [EntryName]) throws(MongoError) -> [EntryName] {
    var duplicates: [EntryName] = []
    for (index, error) in reply.errors where names.indices.contains(index) {
      guard error.code == .duplicate else { throw error }
      duplicates.append(names[index])
    }
    return duplicates
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
