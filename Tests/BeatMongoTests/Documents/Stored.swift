import Testing

@testable import BeatMongo

/// Texts of documents, for tests.
enum Stored {
  static func text(_ document: BSONDocument) throws -> String { String(decoding: try utf8(document), as: UTF8.self) }

  static func utf8(_ document: BSONDocument) throws -> [UInt8] {
    switch StoredText.content(of: document) {
    case .text(let text): return text
    case .unusable(let content): throw Problem(description: content.problem)
    case .tooLong(let length): throw Problem(description: "\(length) bytes")
    }
  }

  /// What is wrong with a document; nil: nothing is.
  static func problem(_ document: BSONDocument) -> String? {
    do { _ = try utf8(document) } catch { return "\(error)" }
    return nil
  }

  static func document(_ body: (inout BSONWriter) -> Void) -> BSONDocument {
    var writer = BSONWriter()
    body(&writer)
    return writer.document
  }

  struct Problem: Error, CustomStringConvertible {
    let description: String
  }
}

/// A document after an update, as a server makes it.
enum UpdatedDocument {
  static func of(_ document: BSONDocument, _ changes: FieldChanges) throws -> BSONDocument {
    let set = changes.update["$set"]?.members.map(Array.init) ?? []
    let unset = changes.update["$unset"]?.members.map(Array.init) ?? []
    func isNamed(as member: BSONMember) -> (BSONMember) -> Bool { { $0.nameBytes == member.nameBytes } }
    var writer = BSONWriter()
    for member in document.members where !unset.contains(where: isNamed(as: member)) {
      writer.add(set.first(where: isNamed(as: member)) ?? member)
    }
    for member in set where !document.members.contains(where: isNamed(as: member)) { writer.add(member) }
    return try BSONDocument(writer.document.bytes)
  }
}
