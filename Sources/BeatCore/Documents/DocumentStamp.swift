/// Tells which edit of a document somebody has seen, in 64 hex digits. The runs of a schedule do not change what it says
/// of the user's own fields, so that a save can tell a run since then from an edit, without the bytes that were seen.
///
/// It consists of the SHA-1 of the document without the daemon's fields, and eight digits for each of these fields.
package struct DocumentStamp: Hashable, Sendable, CustomStringConvertible {
  /// 64 lower-case hex digits.
  package let description: String

  private static let ownLength = 40
  private static let fieldLength = 8

  package init(_ bytes: [UInt8], _ sha1: TaskID.SHA1) {
    guard var editor = try? DocumentEditor(bytes) else {
      // A text that is no JSON object has no fields: every change of it is an edit.
      description =
        Self.hex(sha1(bytes)[...]) + String(repeating: "0", count: Self.fieldLength * Bookkeeping.fields.count)
      return
    }
    let values = Bookkeeping.fields.map { editor.value($0) }
    for field in Bookkeeping.fields { editor.remove(field) }
    description = Self.hex(sha1(editor.bytes)[...]) + values.map { Self.mark($0, sha1) }.joined()
  }

  /// Reads what `description` has written; nil: the text is something else.
  package init?(_ text: String) {
    let length = Self.ownLength + Self.fieldLength * Bookkeeping.fields.count
    guard text.utf8.count == length, text.utf8.allSatisfy({ "0123456789abcdef".utf8.contains($0) }) else { return nil }
    description = text
  }

  /// Somebody's edit of the document that was seen, with the runs that have happened since. The daemon's fields that the
  /// edit has not touched take the values that stand in `now`.
  ///
  /// - Returns: nil if another client has edited the document since.
  package func carried(to now: [UInt8], into edited: [UInt8], _ sha1: TaskID.SHA1) -> [UInt8]? {
    let present = DocumentStamp(now, sha1)
    if present == self { return edited }
    guard present.own == own, let new = try? DocumentEditor(now) else { return nil }
    var result = try? DocumentEditor(edited)
    for (index, field) in Bookkeeping.fields.enumerated() where mark(index) != present.mark(index) {
      let value = new.value(field)
      // A run changes this field from true to false only; another change is an edit.
      if field == "run_immediately", value != Array("false".utf8) || mark(index) != Self.mark(Array("true".utf8), sha1)
      {
        return nil
      }
      guard Self.mark(result?.value(field), sha1) == mark(index) else { continue }
      if let value { result?.set(field, to: String(decoding: value, as: UTF8.self)) } else { result?.remove(field) }
    }
    return result?.bytes ?? edited
  }

  /// Whether only runs have changed the document since.
  package func isOf(_ now: [UInt8], _ sha1: TaskID.SHA1) -> Bool { carried(to: now, into: now, sha1) != nil }

  private var own: Substring { description.prefix(Self.ownLength) }

  private func mark(_ index: Int) -> String {
    String(description.dropFirst(Self.ownLength + index * Self.fieldLength).prefix(Self.fieldLength))
  }

  private static func mark(_ value: [UInt8]?, _ sha1: TaskID.SHA1) -> String {
    value.map { hex(sha1($0).prefix(fieldLength / 2)) } ?? String(repeating: "0", count: fieldLength)
  }

  private static func hex(_ bytes: ArraySlice<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
