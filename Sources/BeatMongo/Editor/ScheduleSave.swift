import BeatCore

/// Stores documents in the place of those that their authors have seen.
///
///     documents and marks -> compare the texts -> write the changed fields -> write the watermarks
///
/// The document comes first: an edit without its watermark is what any other client makes, and the daemon that hears it
/// writes the watermark. Only the changed fields are written, so all others keep their bytes and types, and an edit of
/// others at the same moment stays. Each write requires that the changed fields are those that were compared, and so
/// are those that runs change: an edit is never made from a state that no document had.
struct ScheduleSave {
  let place: MongoPlace
  let changes: [DocumentChange]

  private struct Edit {
    let index: Int
    let name: EntryName
    let id: BSONValue
    let fields: FieldChanges
  }

  /// In the order of the changes.
  func result(by client: MongoClient) throws(MongoError) -> [Result<Bool, EditRefusal>] {
    let found = try EditRead(changes.map(\.name), in: place, by: client)
    var results: [Result<Bool, EditRefusal>] = changes.map { _ in .success(false) }
    var edits: [Edit] = []
    var new: [(index: Int, document: BSONDocument)] = []
    var taken: Set<EntryName> = []
    for (index, change) in changes.enumerated() where taken.insert(change.name).inserted {
      guard found.allows(change.watermark?.seen, of: change.name) else { continue }
      do throws(FieldChangesError) {
        if let seen = change.seen {
          guard let stored = found.document(change.name), let id = stored["_id"], stored.hasText(seen) else { continue }
          let fields = try FieldChanges(from: seen, to: Self.keepingName(change), stored: stored)
          edits.append(Edit(index: index, name: change.name, id: id, fields: fields))
        } else if found.documents.incumbent(change.name, nil) == nil, found.marks[change.name]?.isMoving != true {
          new.append((index, try NewDocument.document(of: change.bytes)))
        }
      } catch { results[index] = .failure(.text(change.name, error)) }
    }
    try write(edits, &results, client)
    let insertion = ScheduleInsertion(place: place, documents: new.map { (changes[$0.index].name, $0.document) })
    let inserted = try insertion.result(by: client)
    for (index, result) in zip(new.map(\.index), inserted) {
      results[index] = result.map { $0 != nil }.mapError { .server($0) }
    }
    var stored = edits.map { ($0.index, $0.id) }
    for (index, result) in zip(new.map(\.index), inserted) {
      if case .success(let id?) = result { stored.append((index, id)) }
    }
    let written = stored.filter { index, _ in (try? results[index].get()) == true }
    try EditMarks(place: place).write(
      written.compactMap { index, id in changes[index].watermark.map { (changes[index].name, $0, id) } },
      over: found, by: client)
    return results
  }

  /// The new text with the name of the schedule, which here stands in the document.
  private static func keepingName(_ change: DocumentChange) throws(FieldChangesError) -> [UInt8] {
    guard var editor = try? DocumentEditor(change.bytes) else { return change.bytes }
    let name = String(decoding: change.name.bytes, as: UTF8.self)
    if editor.value("name") == nil { editor.set("name", to: JSONText.string(name)) }
    guard let told = editor.text("name"), told.utf8.elementsEqual(change.name.bytes) else {
      throw FieldChangesError("name", "is the schedule's name in MongoDB: rename it (beat-watch rename)")
    }
    return editor.bytes
  }

  // MARK: documents that are there

  private func write(
    _ edits: [Edit], _ results: inout [Result<Bool, EditRefusal>], _ client: MongoClient
  ) throws(MongoError) {
    for edit in edits where edit.fields.isEmpty { results[edit.index] = .success(true) }
    let edits = edits.filter { !$0.fields.isEmpty }
    guard !edits.isEmpty else { return }
    let reply = try client.write(
      [
        "update": .text(place.schedules), "ordered": false, "writeConcern": WriteConcern.majority,
        "updates": .array(edits.map(statement)),
      ], on: place.database)
    let errors = Dictionary(reply.errors.map { ($0.index, $0.error) }) { first, _ in first }
    let open = edits.enumerated().filter { errors[$0.offset] == nil }
    for (index, error) in errors where edits.indices.contains(index) && error.code != .writeConflict {
      results[edits[index].index] = .failure(.server(error))
    }
    if reply.count == Int64(open.count) {
      for (_, edit) in open { results[edit.index] = .success(true) }
    } else if edits.count > 1 {
      // The reply tells how many of them were written, and not which.
      let now = try StoredSchedules.find(open.map(\.element.name), in: place, by: client)
      for (_, edit) in open { results[edit.index] = .success(now.holds(edit.fields, in: edit.id, named: edit.name)) }
    }
  }

  private func statement(_ edit: Edit) -> BSON {
    var filter: [(name: String, value: BSON)] = [("_id", ["$eq": .value(edit.id)])]
    for field in ["name"] + edit.fields.fieldNames + Self.bookkeeping
    where !filter.contains(where: { $0.name == field }) {
      filter.append((field, edit.fields.old(field).map { ["$eq": .value($0)] } ?? ["$exists": false]))
    }
    return ["q": .fields(filter), "u": .document(edit.fields.update), "collation": ["locale": "simple"]]
  }

  /// The fields that a fire writes.
  private static let bookkeeping = ["last_run_at", "total_run_count", "run_immediately"]
}

extension StoredSchedules {
  /// Whether a document has the fields that an edit has written.
  fileprivate func holds(_ fields: FieldChanges, in id: BSONValue, named name: EntryName) -> Bool {
    guard let document = document(id, named: name) else { return false }
    return fields.set.allSatisfy { document[$0.name].isSame(as: $0.value) }
      && fields.unset.allSatisfy { document[$0] == nil }
  }
}
