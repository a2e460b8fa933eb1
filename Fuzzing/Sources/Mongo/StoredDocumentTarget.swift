@testable import BeatCore
@testable import BeatMongo

extension FuzzTarget {
  /// A stored document, and edits of its text. The input is a document of BSON, and behind it a text.
  static let stored = FuzzTarget(
    "stored",
    words: [
      "args", "kwargs", "options", "headers", "_id", "last_run_at", "total_run_count", #"{"$date": 5}"#,
      #"{"$oid": "0102030405060708090a0b0c"}"#, #"{"$numberDecimal": "1.5"}"#,
      #"{"$binary": {"base64": "", "subType": "00"}}"#,
      #"{"$code": "x", "$scope": {}}"#, #"{"$numberLong": "5"}"#, "NaN", "1e400", "9223372036854775808",
      "NumberLong(5)",
      #"{"__type__": "datetime", "__value__": "2026-01-02T03:04:05.678000"}"#, "\\ud800", "\\u0000", #", "a": "#,
    ],
    seeds: {
      BSONSeeds.all.flatMap { document -> [[UInt8]] in
        guard case .text(let text) = StoredText.content(of: document) else { return [document.bytes] }
        return [document.bytes, document.bytes + text, document.bytes + Array(#"{"a": [1.50, {"$date": 5}]}"#.utf8)]
      }
    },
    check: { bytes in
      // The document says where it ends.
      let length = bytes.count < 4 ? 0 : min(bytes.count, max(0, Int(bytes.int32(at: 0))))
      guard let stored = try? BSONDocument(Array(bytes[..<length])) else { return }
      let text: [UInt8]
      switch StoredText.content(of: stored) {
      case .text(let whole): text = whole
      case .unusable(let content): return try holdUnusable(content)
      case .tooLong(let length): throw BrokenProperty("\(length) bytes are too long without a limit")
      }
      try holdLimit(stored, text)
      let layout: DocumentLayout
      do throws(JSONError) { layout = try DocumentLayout(text) } catch {
        return try hold(error.message.contains("nested deeper"), "the text is no JSON: \(error)")
      }
      try hold(FieldChanges(from: text, to: text, stored: stored).isEmpty, "a text differs from itself")
      try holdFire(stored, text, layout)
      try holdEdit(stored, text, to: Array(bytes[length...]))
    })

  private static func holdUnusable(_ content: UnusableContent) throws {
    try holdOneLine(content.problem, upTo: 600)
    try holdOneLine(content.found, upTo: 600)
  }

  private static func holdLimit(_ stored: BSONDocument, _ text: [UInt8]) throws {
    guard case .text = StoredText.content(of: stored, atMost: text.count) else {
      throw BrokenProperty("\(text.count) bytes are more than they are")
    }
    guard case .tooLong = StoredText.content(of: stored, atMost: text.count - 1) else {
      throw BrokenProperty("\(text.count) bytes are less than they are")
    }
  }

  /// A fire changes the fields of a fire, and the document is then what the core has written.
  private static func holdFire(_ stored: BSONDocument, _ text: [UInt8], _ layout: DocumentLayout) throws {
    let new = layout.fired(due: UnixTime(seconds: 1_772_452_800), count: 1_000).bytes
    let changes: FieldChanges
    do throws(FieldChangesError) { changes = try FieldChanges(from: text, to: new, stored: stored) } catch {
      return try holdOneLine(error.description)
    }
    try hold(
      changes.fieldNames.allSatisfy { ["last_run_at", "total_run_count", "run_immediately"].contains($0) },
      "a fire changes \(changes.fieldNames)")
    try holdUpdate(stored, changes, new)
  }

  /// An edit to any text: what the server's document then says is said again by its text.
  private static func holdEdit(_ stored: BSONDocument, _ text: [UInt8], to new: [UInt8]) throws {
    let changes: FieldChanges
    do throws(FieldChangesError) { changes = try FieldChanges(from: text, to: new, stored: stored) } catch {
      return try holdOneLine(error.description)
    }
    _ = try BSONDocument(changes.update.bytes)
    guard let whole = try? NewDocument.document(of: new) else { return }
    _ = try BSONDocument(whole.bytes)
    guard case .text(let written) = StoredText.content(of: whole) else { return }
    let again = try NewDocument.document(of: written)
    guard case .text(written) = StoredText.content(of: again) else {
      throw BrokenProperty("\(String(decoding: written, as: UTF8.self)) has another text when it is stored once more")
    }
  }

  private static func holdUpdate(_ stored: BSONDocument, _ changes: FieldChanges, _ new: [UInt8]) throws {
    var writer = BSONWriter()
    for member in stored.members {
      let change = changes.set.first { member.isNamed($0.name) }
      if let change { writer.add(change.name, change.value) } else { writer.add(member) }
    }
    for (name, value) in changes.set where stored[name] == nil { writer.add(name, value) }
    guard case .text(new) = StoredText.content(of: try BSONDocument(writer.document.bytes)) else {
      throw BrokenProperty("after a fire it is not \(String(decoding: new, as: UTF8.self))")
    }
  }
}
