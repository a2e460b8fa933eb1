/// One edit in the record of edits: who changed which schedule, from where, and how.
///
/// All of it is what the client says of itself. A client that may write there may write anything, so it is a help for
/// colleagues, and no proof against one.
package struct EditRecord: Hashable, Sendable {
  /// When it was recorded, by the store's clock.
  package var at: UnixTime
  /// Who: the name of a user, where the client knows one.
  package let user: String
  /// From where: `command line on HOST`, `web from ADDRESS`.
  package let origin: String
  /// An `EditAction`, or another word that a newer version has written.
  package let action: String
  /// nil: the record is about several schedules, and the note says about how many.
  package let name: EntryName?
  /// The name after a rename.
  package let newName: EntryName?
  /// SHA-1 of the document that was replaced or deleted, in 40 lower-case hex digits; nil: there was none, or it is not
  /// known.
  package let before: String?
  /// SHA-1 of the document that was stored; nil: none was, or it is not known.
  package let after: String?
  /// What else is to be said, such as the id of a task that was sent.
  package let note: String?

  /// A longer text than the limits allow is cut. A name that no schedule of a daemon can have is left out, and the note
  /// says so.
  package init(
    at: UnixTime, user: String, origin: String, action: EditAction, name: EntryName?, newName: EntryName? = nil,
    before: String? = nil, after: String? = nil, note: String? = nil
  ) {
    self.init(
      at: at, user: user, origin: origin, word: action.rawValue, name: name, newName: newName, before: before,
      after: after, note: note)
  }

  private init(
    at: UnixTime, user: String, origin: String, word: String, name: EntryName?, newName: EntryName?, before: String?,
    after: String?, note: String?
  ) {
    self.at = at
    self.user = user.beginning(Limit.editText.most)
    self.origin = origin.beginning(Limit.editText.most)
    action = word.beginning(Limit.editText.most)
    let length = name?.bytes.count ?? 0
    let isTooLong = Limit.nameLength.isExceeded(by: length)
    self.name = isTooLong ? nil : name
    self.newName = newName.flatMap { Limit.nameLength.isExceeded(by: $0.bytes.count) ? nil : $0 }
    self.before = before.flatMap(Self.digest)
    self.after = after.flatMap(Self.digest)
    self.note = (isTooLong ? "its name has \(Plural.of(length, "byte"))" : note)?.beginning(Limit.reasonLength.most)
  }

  private static func digest(_ text: String) -> String? {
    let isDigest =
      text.utf8.count == 40
      && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    return isDigest ? text : nil
  }

  // MARK: as it is stored

  /// The fields of an entry in the store, but for the time. What is not known has no field.
  package var fields: [(name: String, value: [UInt8])] {
    let all: [(String, [UInt8]?)] = [
      ("user", Array(user.utf8)), ("origin", Array(origin.utf8)), ("action", Array(action.utf8)), ("name", name?.bytes),
      ("new_name", newName?.bytes), ("before", before.map { Array($0.utf8) }), ("after", after.map { Array($0.utf8) }),
      ("note", note.map { Array($0.utf8) }),
    ]
    return all.compactMap { name, value in value.map { (name, $0) } }
  }

  /// Reads what `fields` has written; nil: another program wrote it.
  ///
  /// - Parameter value: the bytes of a field.
  package init?(at: UnixTime, _ value: (String) -> [UInt8]?) {
    func text(_ field: String) -> String? {
      // A field of another client may be of any length, and the rest of it is looked at by nobody.
      value(field).map { String(decoding: $0.prefix(2 * Limit.reasonLength.most), as: UTF8.self).streamSafe }
    }
    guard let user = text("user"), let origin = text("origin"), let action = text("action") else { return nil }
    self.init(
      at: at, user: user, origin: origin, word: action, name: value("name").map { EntryName($0) },
      newName: value("new_name").map { EntryName($0) }, before: text("before"), after: text("after"),
      note: text("note"))
  }

  /// Reads the fields of a stream's entry, field and value in turn, with the time in microseconds as `at`; nil: another
  /// program wrote it.
  package init?(fields: [[UInt8]]) {
    // The keys are bytes, since a field's name need not be valid UTF-8.
    var values: [[UInt8]: [UInt8]] = [:]
    for index in stride(from: 0, to: fields.count - 1, by: 2) { values[fields[index]] = fields[index + 1] }
    guard let at = values[Array("at".utf8)].flatMap({ Int64(String(decoding: $0, as: UTF8.self)) }) else { return nil }
    self.init(at: UnixTime(microseconds: at)) { values[Array($0.utf8)] }
  }
}

/// What an edit did.
package enum EditAction: String, Sendable, CaseIterable {
  case create, change, enable, disable, delete, rename
  /// The task was sent by hand.
  case run
  case `import`
}
