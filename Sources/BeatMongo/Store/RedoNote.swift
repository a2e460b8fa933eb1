import BeatCore

/// What a fire writes into the schedule's document after the fire itself. Whoever finds the note of a daemon that died
/// in between can do it instead.
///
/// It is needed where the fire answered `run_immediately`: only the note tells that the request in the document is
/// answered already.
struct RedoNote: Sendable {
  /// The task's id.
  let id: [UInt8]
  /// The `_id` of the schedule's document.
  let of: BSONDocument
  /// The fields that are written, as they were. A field of `new` that is not in `old` was absent.
  let old: BSONDocument
  let new: BSONDocument

  init(id: TaskID, of document: BSONValue, _ changes: FieldChanges) {
    self.id = Array(id.description.utf8)
    of = ["of": .value(document)]
    old = BSONDocument(changes.fieldNames.compactMap { name in changes.old(name).map { (name, .value($0)) } })
    new = BSONDocument(changes.set.map { ($0.name, .value($0.value)) })
  }

  init?(_ value: BSONValue) {
    guard let id = value["id"]?.utf8, let of = value["of"], let old = value["old"]?.document,
      let new = value["new"]?.document
    else { return nil }
    self.id = Array(id)
    self.of = ["of": .value(of)]
    (self.old, self.new) = (old, new)
  }

  var value: BSON {
    ["id": .string(id), "of": .optional(of["of"]), "old": .document(old), "new": .document(new)]
  }

  /// Whether the fire answered `run_immediately`.
  var answersRequest: Bool { new["run_immediately"]?.bool == false && old["run_immediately"]?.bool == true }

  /// Whether the document is still as it was before the fire.
  func fits(_ document: BSONDocument) -> Bool {
    document["_id"].isSame(as: of["of"])
      && new.members.allSatisfy { member in
        let name = String(decoding: member.nameBytes, as: UTF8.self)
        return document[name].isSame(as: old[name])
      }
  }

  /// The statement that brings the document up to the fire, unless it has changed since.
  var statement: BSON {
    var filter: [(name: String, value: BSON)] = [("_id", ["$eq": .optional(of["of"])])]
    for member in new.members {
      let name = String(decoding: member.nameBytes, as: UTF8.self)
      filter.append((name, old[name].map { ["$eq": .value($0)] } ?? ["$exists": false]))
    }
    return ["q": .fields(filter), "u": ["$set": .document(new)]]
  }

  /// The document as readers must see it: with what the fire has answered, if its daemon died before it could say so.
  func applied(to document: BSONDocument) -> BSONDocument { answersRequest ? completed(document) : document }

  /// The document as the fire leaves it, also if its daemon died before it could write it.
  ///
  /// Who takes documents to another place leaves the watermarks behind, which would tell of the run.
  func completed(_ document: BSONDocument) -> BSONDocument {
    guard fits(document) else { return document }
    var fields: [(name: String, value: BSON)] = []
    var added = new.members.map { String(decoding: $0.nameBytes, as: UTF8.self) }
    for member in document.members {
      let name = String(decoding: member.nameBytes, as: UTF8.self)
      fields.append((name, .value(new[name] ?? member.value)))
      added.removeAll { $0 == name }
    }
    for name in added { if let value = new[name] { fields.append((name, .value(value))) } }
    return BSONDocument(fields)
  }
}

extension BSONValue? {
  /// Whether both are absent, or of the same type with the same bytes.
  func isSame(as other: BSONValue?) -> Bool {
    switch (self, other) {
    case (nil, nil): true
    case (let one?, let other?): one.type == other.type && one.content.elementsEqual(other.content)
    default: false
    }
  }
}
