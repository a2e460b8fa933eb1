/// The fields that a fire writes. They are told apart from what users write, so that an edit made from older bytes can
/// go on from the newer ones, and neither undoes the other.
package enum Bookkeeping {
  /// How many bytes the fires of a schedule may add to its document: a date and two numbers with their fields' names, in
  /// any form that is written. A document that a user could just store (`Limit.documentLength`) must stay readable, so
  /// stores read so many bytes more.
  package static let room = 1_024

  package static let fields = ["last_run_at", "total_run_count", "run_immediately"]

  /// Whether runs alone have changed a document from one state to another, and no edit of a user.
  package static func isAllThatChanged(from before: [UInt8], to after: [UInt8]) -> Bool {
    if before == after { return true }
    guard var old = try? DocumentEditor(before), var new = try? DocumentEditor(after) else { return false }
    for field in fields {
      if field == "run_immediately" {
        // A run changes it from true to false only; a change to true is an edit.
        guard old.value(field) != new.value(field) else { continue }
        guard old.text(of: field) == "true", new.text(of: field) == "false" else { return false }
      }
      old.remove(field)
      new.remove(field)
    }
    return old.bytes == new.bytes
  }

  /// Somebody's edit of `before` with the runs that have happened since: of the fields that the edit has not touched
  /// the values that stand in `now`.
  ///
  /// - Returns: the edit's own text where it is no JSON object.
  package static func carried(from before: [UInt8], to now: [UInt8], into edited: [UInt8]) -> [UInt8] {
    guard let old = try? DocumentEditor(before), let new = try? DocumentEditor(now),
      var result = try? DocumentEditor(edited)
    else { return edited }
    for field in fields where result.value(field) == old.value(field) && new.value(field) != old.value(field) {
      if let value = new.text(of: field) { result.set(field, to: value) } else { result.remove(field) }
    }
    return result.bytes
  }
}

extension Bookkeeping {
  /// A document that takes the place of another, with the last run and the count of that one where it names none itself.
  ///
  /// - Returns: the document's own text where either is no JSON object.
  package static func kept(from before: [UInt8], in document: [UInt8]) -> [UInt8] {
    guard let old = try? DocumentEditor(before), var result = try? DocumentEditor(document) else { return document }
    for field in ["last_run_at", "total_run_count"] where result.value(field) == nil {
      if let value = old.text(of: field) { result.set(field, to: value) }
    }
    return result.bytes
  }
}

extension DocumentEditor {
  /// A field's value as JSON text.
  fileprivate func text(of field: String) -> String? { value(field).map { String(decoding: $0, as: UTF8.self) } }
}
