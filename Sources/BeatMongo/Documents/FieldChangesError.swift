import BeatCore

/// Why a text cannot be stored as BSON.
package struct FieldChangesError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The field's path; empty: the text as a whole.
  package let field: String
  /// The predicate of a sentence that begins with the field.
  package let reason: String

  init(_ field: String = "", _ reason: String) {
    self.field = field
    self.reason = reason.beginning(Limit.reasonLength.most).printable
  }

  package var description: String { field.isEmpty ? reason : "\(field) \(reason)" }

  func inside(member name: String) -> FieldChangesError {
    FieldChangesError(FieldPath(field).inside(member: name.utf8).description, reason)
  }

  func inside(item index: Int) -> FieldChangesError {
    FieldChangesError(FieldPath(field).inside(item: index).description, reason)
  }
}
