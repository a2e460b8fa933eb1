import BeatCore

/// The requests for runs by hand. Each is a document in the collection of the marks, with an outbox of its own, so that
/// its answer and its message are written in one step:
///
///     {_id: {request: <id>}, entry: <the schedule's name>, request: <bytes>, deadline: <Long, milliseconds>}
///     + answer: "fired <the task's id>" or "refused <reason>", pending: [<message>], done: <Date>
///
/// `done` is set when nothing more waits in the document: a minute later the server deletes it.
final class MongoManualRequests: ManualRequests {
  /// The text of a schedule's stored document, in the form in which plans know it; nil: there is none that can be read.
  typealias ReadText = @Sendable (MongoClient, EntryName) throws(MongoError) -> [UInt8]?

  /// The most requests that are read at once.
  private static let pageSize = 100

  private let calls: MongoCalls
  private let context: MongoSessionContext
  private let fence: () -> String
  private let lacked: (String) -> Void
  private let text: ReadText

  init(
    _ calls: MongoCalls, _ context: MongoSessionContext, fence: @escaping () -> String,
    lacked: @escaping (String) -> Void, text: @escaping ReadText
  ) {
    self.calls = calls
    self.context = context
    self.fence = fence
    self.lacked = lacked
    self.text = text
  }

  func page(from position: ScanPosition?, then completion: @escaping Completion<ManualRequestPage>) {
    let (place, text) = (context.place, position?.text)
    calls.perform(
      { client throws(MongoError) in
        let walk = IDWalk(
          collection: place.marks, types: [(.document, [:])], filter: [("answer", ["$exists": false])],
          fields: ["request": 1], step: Self.pageSize)
        let page = try walk.page(client, on: place.database, from: text)
        var found = FoundRequests(next: page.next)
        var strange: [BSON] = []
        for document in page.documents {
          if let request = Self.request(document) {
            found.requests.append(request)
          } else if let id = document["_id"] {
            strange.append(.value(id))
          }
        }
        try Self.remove(strange, client, place)
        return found
      },
      then: { result in
        completion(
          result.flatMap { found in
            Result { () throws(Refusal) in
              ManualRequestPage(
                next: try ScanPosition.next(position, found.next),
                requests: found.requests.map { ($0.id, $0.request) })
            }
          })
      })
  }

  /// The requests that can be read are carried out even if this user may not remove the others.
  private static func remove(
    _ strange: [BSON], _ client: MongoClient, _ place: MongoPlace
  ) throws(MongoError) {
    guard !strange.isEmpty else { return }
    do throws(MongoError) {
      _ = try client.write(
        [
          "delete": .text(place.marks), "deletes": .array(strange.map { ["q": ["_id": ["$eq": $0]], "limit": 1] }),
          "ordered": false, "writeConcern": WriteConcern.one,
        ], on: place.database)
    } catch {
      if error.endsSession { throw error }
    }
  }

  private struct FoundRequests: Sendable {
    var next: String?
    var requests: [FoundRequest] = []
  }

  private struct FoundRequest: Sendable {
    let id: String
    let request: ManualRequest
  }

  private static func request(_ document: BSONDocument) -> FoundRequest? {
    guard let id = document["_id"]?["request"]?.text,
      let bytes = document["request"].flatMap({ $0.binary?.bytes ?? $0.utf8 }),
      !Limit.ownFieldLength.isExceeded(by: bytes.count), let request = ManualRequest(Array(bytes))
    else { return nil }
    return FoundRequest(id: id, request: request)
  }

  func settle(
    _ request: ManualRequest, id: String, by step: ManualStep, then completion: @escaping (ManualOutcome) -> Void
  ) {
    let work = ManualSettlement(
      id: id, request: request, step: ManualSettlement.Step(step), token: fence(), context: context, text: text)
    let lacked = lacked
    calls.perform(
      { client throws(MongoError) in try work.result(by: client) },
      then: { result in
        switch result {
        case .success(let settled):
          if let lack = settled.lack { lacked(lack) }
          completion(settled.outcome)
        case .failure(let refusal): completion(refusal.kind == .lost ? .over : .failed(refusal))
        }
      })
  }

  /// If this user may not write the answer, the request's sender removes it.
  func refuse(_ id: String, because reason: String) {
    let context = context
    calls.perform(
      { client throws(MongoError) in
        _ = try ManualSettlement.refuse(id, because: reason, while: [], client, context.place)
      }, then: { _ in })
  }
}
