import BeatCore

/// Some schedules as an edit finds them: what daemons and clients that died have left half done is done first.
struct EditRead {
  private(set) var documents = StoredSchedules()
  /// The marks; empty if this user may not read them.
  private(set) var marks: [EntryName: StoredMark] = [:]
  /// This user may not read the marks, so it cannot write them either.
  private(set) var isBlind = false

  init(_ names: [EntryName], in place: MongoPlace, by client: MongoClient) throws(MongoError) {
    try find(names, in: place, by: client)
    guard try settle(names, in: place, by: client) else { return }
    try find(names, in: place, by: client)
  }

  private mutating func find(_ names: [EntryName], in place: MongoPlace, by client: MongoClient) throws(MongoError) {
    documents = try StoredSchedules.find(names, in: place, by: client)
    do throws(MongoError) { marks = try StoredMark.find(names, in: place, by: client) } catch {
      guard error.isOfOurRights else { throw error }
      (marks, isBlind) = ([:], true)
    }
  }

  /// Writes into the documents which of their requests (`run_immediately`) a fire has answered: an edit would make the
  /// answered request look like a new one.
  ///
  /// - Returns: whether anything was written.
  private func settle(_ names: [EntryName], in place: MongoPlace, by client: MongoClient) throws(MongoError) -> Bool {
    try MarkMove.forgetOld(marks, in: place, by: client)
    let notes = names.compactMap { name -> (name: EntryName, note: RedoNote)? in
      guard let mark = marks[name], let note = mark.redo, note.answersRequest,
        let document = documents.incumbent(name, mark), note.fits(document)
      else { return nil }
      return (name, note)
    }
    guard !notes.isEmpty else { return marks.contains { $0.value.hasOldMove } }
    try client.write(
      [
        "update": .text(place.schedules), "ordered": false, "writeConcern": WriteConcern.majority,
        "updates": .array(notes.map(\.note.statement)),
      ], on: place.database
    ).requireNoError()
    try client.write(
      [
        "update": .text(place.marks), "ordered": false, "writeConcern": WriteConcern.one,
        "updates": .array(
          notes.map {
            [
              "q": ["_id": ["$eq": .string($0.name.bytes)], "redo.id": .string($0.note.id)],
              "u": ["$unset": ["redo": true]],
            ]
          }),
      ], on: place.database
    ).requireNoError()
    return true
  }

  /// The document that runs under a name, while it can be edited; nil: there is none, or it is being renamed.
  func document(_ name: EntryName) -> BSONDocument? {
    marks[name]?.isMoving == true ? nil : documents.incumbent(name, marks[name])
  }

  /// Whether the watermark is the one that an author has seen. One who has seen none leaves any other.
  func allows(_ seen: Watermark?, of name: EntryName) -> Bool {
    guard let seen, !isBlind else { return true }
    return marks[name]?.bytes == seen.bytes
  }
}

extension MongoWriteReply {
  func requireNoError() throws(MongoError) {
    if let error = errors.first?.error { throw error }
  }
}

extension BSONDocument {
  /// Whether the document has this text.
  func hasText(_ text: [UInt8]) -> Bool {
    if case .text(let own) = StoredText.content(of: self) { own == text } else { false }
  }
}
