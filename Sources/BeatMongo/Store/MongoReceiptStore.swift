import BeatCore

/// The receipts, a document for each: `{_id: <the schedule's name>, receipt: <text>}`.
final class MongoReceiptStore: ReceiptStore {
  /// The most receipts in one command.
  private static let pageSize = 200

  private let calls: MongoCalls
  /// Called when the server has refused a write.
  private let lacked: (String) -> Void

  init(_ calls: MongoCalls, lacked: @escaping (String) -> Void) {
    self.calls = calls
    self.lacked = lacked
  }

  func write(_ receipts: [EntryName: EditReceipt?]) {
    var gone: [BSON] = []
    var kept: [BSON] = []
    for (name, receipt) in receipts {
      if let receipt {
        kept.append([
          "q": ["_id": name.asBSON], "u": ["$set": ["receipt": .string(receipt.bytes)]], "upsert": true,
        ])
      } else {
        gone.append(["q": ["_id": name.asBSON], "limit": 1])
      }
    }
    let collection = BSON.text(calls.place.receipts)
    for page in kept.pages(of: Self.pageSize) {
      send(["update": collection, "updates": .array(page), "ordered": false, "writeConcern": WriteConcern.one])
    }
    for page in gone.pages(of: Self.pageSize) {
      send(["delete": collection, "deletes": .array(page), "ordered": false, "writeConcern": WriteConcern.one])
    }
  }

  private func send(_ command: BSONDocument) {
    let (place, lacked) = (calls.place, lacked)
    calls.perform(
      { client throws(MongoError) in
        if let first = try client.write(command, on: place.database).errors.first { throw first.error }
      },
      then: { result in
        if case .failure(let refusal) = result, refusal.kind != .lost { lacked(refusal.text) }
      })
  }

  func page(from position: ScanPosition?, then completion: @escaping Completion<ReceiptPage>) {
    let (place, text) = (calls.place, position?.text)
    calls.perform(
      { client throws(MongoError) in
        try IDWalk.receipts(place).page(client, on: place.database, from: text)
      },
      then: { result in
        completion(
          result.flatMap { page in
            Result { () throws(Refusal) in
              ReceiptPage(
                next: try ScanPosition.next(position, page.next),
                receipts: page.documents.compactMap { document in
                  guard let name = document["_id"].flatMap({ EntryName($0) }), let receipt = document["receipt"]?.utf8
                  else { return nil }
                  return (name, Array(receipt))
                })
            }
          })
      })
  }
}

extension IDWalk {
  /// The receipts of all schedules.
  static func receipts(_ place: MongoPlace) -> IDWalk {
    IDWalk(
      collection: place.receipts, types: [(.string, ""), (.binary, .binary([]))],
      fields: ["receipt": Expression.kept("receipt", atMost: Limit.ownFieldLength.most)], step: 500)
  }
}

extension Array {
  /// The elements in pieces.
  func pages(of size: Int) -> [[Element]] {
    stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
  }
}
