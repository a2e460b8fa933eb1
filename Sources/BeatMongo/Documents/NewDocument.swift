import BeatCore

/// A whole document of a text, for an insert.
///
/// Its `_id` is the text's, if it has one; else the server or its client gives it one.
package enum NewDocument {
  /// - Throws: the field that cannot be stored, and why.
  package static func document(of text: [UInt8]) throws(FieldChangesError) -> BSONDocument {
    let layout: DocumentLayout
    do throws(JSONError) { layout = try DocumentLayout(text) } catch {
      throw FieldChangesError(DocumentProblem(error, in: text))
    }
    let reader = TextReader(text: text)
    var writer = BSONWriter()
    var names: Set<[UInt8]> = []
    for member in try TextMember.all(layout.members, in: text) {
      let name = member.nameText
      guard names.insert(member.name).inserted else {
        throw FieldChangesError(FieldPath().inside(member: member.name).description, "stands twice in the document")
      }
      guard !name.utf8.starts(with: "$".utf8) else {
        throw FieldChangesError(
          FieldPath().inside(member: member.name).description, "begins with $, as no field may in MongoDB")
      }
      do throws(FieldChangesError) {
        try reader.add(member.value, as: name, at: FieldPlace.top.member(member.name), stored: nil, to: &writer)
      } catch { throw error.inside(member: name) }
    }
    return writer.document
  }
}
