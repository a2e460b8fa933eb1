import BeatCore

/// Reads documents with their watermarks. The documents are read before the marks, so that a watermark is never older
/// than its document.
struct ScheduleRead: Sendable {
  /// The most bytes of documents that are read at once, but one name of any length.
  private static let most = 4 * Limit.pageLength.most

  let place: MongoPlace
  let maximumDocumentLength: Int
  let places: [MongoAliases.Place]
  /// Whether documents are read without their watermarks, so that they must tell of their last fires themselves.
  private let isAlone: Bool

  init(
    in place: MongoPlace, maximumDocumentLength: Int, isAlone: Bool = false, _ places: [MongoAliases.Place]
  ) {
    self.place = place
    self.maximumDocumentLength = maximumDocumentLength
    self.isAlone = isAlone
    self.places = places
  }

  init(context: MongoSessionContext, places: [MongoAliases.Place]) {
    self.init(in: context.place, maximumDocumentLength: context.maximumDocumentLength, places)
  }

  struct Result: Sendable {
    /// The first of the names' documents, as many as a page holds.
    var reads: [Scheduler.DocumentRead] = []
    /// The `{_id}`s of second documents, by the name that they share with a first one.
    var others: [EntryName: [BSONDocument]] = [:]
  }

  func result(by client: MongoClient) throws(MongoError) -> Result {
    let names = places.compactMap { place -> EntryName? in
      switch place {
      case .name(let name), .second(_, let name): name
      case .nameless: nil
      }
    }
    let most = places.count == 1 ? .max : Self.most
    guard let documents = try StoredSchedules.find(names, atMost: most, in: self.place, by: client) else {
      // Documents may have 16 MB each, and what a schedule cannot be is as long in memory until it is looked at.
      let half = places.prefix(places.count / 2)
      return try ScheduleRead(
        in: place, maximumDocumentLength: maximumDocumentLength, isAlone: isAlone, Array(half)
      ).result(by: client)
    }
    let marks = try StoredMark.find(names, in: self.place, by: client)
    try MarkMove.forgetOld(marks, in: self.place, by: client)
    var result = Result()
    var size = 0
    for place in places {
      let read: Scheduler.DocumentRead
      switch place {
      case .name(let name):
        let mark = marks[name]
        guard let document = documents.incumbent(name, mark) else {
          read = Scheduler.DocumentRead(.absent, mark?.state ?? .absent)
          break
        }
        let others = documents.others(name, than: document)
        if !others.isEmpty {
          result.others[name] = others.compactMap { $0["_id"].map { ["_id": .value($0)] } }
        }
        read = Scheduler.DocumentRead(
          mark?.isMoving == true ? .absent : content(shown(document, mark)),
          mark?.state ?? .absent)
      case .second(let id, let name):
        read = Scheduler.DocumentRead(second(id, name, documents, marks[name]), .absent)
      case .nameless(let id):
        read = Scheduler.DocumentRead(try nameless(id, client), .absent)
      }
      size += read.length
      if !result.reads.isEmpty, size > Limit.pageLength.most + (result.reads.first?.length ?? 0) { break }
      result.reads.append(read)
    }
    return result
  }

  private func shown(_ document: BSONDocument, _ mark: StoredMark?) -> BSONDocument {
    guard let note = mark?.redo else { return document }
    return isAlone ? note.completed(document) : note.applied(to: document)
  }

  private func content(_ document: BSONDocument) -> Scheduler.DocumentRead.Content {
    Scheduler.DocumentRead.Content(StoredText.content(of: document, atMost: maximumDocumentLength))
  }

  private func second(
    _ id: BSONDocument, _ name: EntryName, _ documents: StoredSchedules, _ mark: StoredMark?
  ) -> Scheduler.DocumentRead.Content {
    guard let first = documents.incumbent(name, mark),
      documents.others(name, than: first).contains(where: { $0["_id"].isSame(as: id["_id"]) })
    else { return .absent }
    let words = first["_id"]?.words ?? ""
    return .unusable(
      UnusableContent(
        found: "a second document of one name",
        problem: "has the name \"\(name)\" of the document with _id \(words), which runs: rename or delete one of them")
    )
  }

  private func nameless(_ id: BSONDocument, _ client: MongoClient) throws(MongoError) -> Scheduler.DocumentRead.Content
  {
    let found = try client.documents(
      [
        "find": .text(place.schedules), "filter": ["_id": ["$eq": .optional(id["_id"])]],
        "projection": ["name": true], "limit": 1,
      ], on: place.database)
    guard let document = found.first, document["name"]?.utf8 == nil else { return .absent }
    let what = document["name"].map { "name is \($0.type.words)" } ?? "name is missing"
    return .unusable(
      UnusableContent(found: "a document without a name", problem: "cannot run: \(what); expected a String"))
  }
}

extension Scheduler.DocumentRead.Content {
  init(_ content: DocumentContent) {
    self =
      switch content {
      case .text(let text): .document(text)
      case .tooLong(let length): .tooLong(length)
      case .unusable(let content): .unusable(content)
      }
  }
}

extension Scheduler.DocumentRead {
  /// The document's text; nil: there is none that can be read.
  var text: [UInt8]? { if case .document(let bytes) = content { bytes } else { nil } }

  /// The number of its document's bytes.
  fileprivate var length: Int { if case .document(let bytes) = content { bytes.count } else { 0 } }
}
