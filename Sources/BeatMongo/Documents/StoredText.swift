import BeatCore

/// Writes a document of BSON as the JSON that crosses the port: in Python's spacing, the fields in their stored order,
/// without `_id`. It is the document's revision, too: two documents of one text mean the same.
///
/// Numbers are digits, whatever their type. What stands in `args`, `kwargs` and headers reaches the worker as Celery would
/// send it; elsewhere, types that JSON does not have are Extended JSON.
package struct StoredText {
  private var text: [UInt8] = []
  /// The most bytes that are wanted.
  private let limit: Int

  /// Why there is no text.
  enum Obstacle: Error {
    case tooLong
    case unusable(FieldPath, Unsendable)
  }

  /// - Parameter limit: of the text, in bytes. One that is longer is not written to its end.
  package static func content(of document: BSONDocument, atMost limit: Int = .max) -> DocumentContent {
    var writer = StoredText(limit: limit)
    writer.text.reserveCapacity(min(limit, document.bytes.count + document.bytes.count / 2))
    do throws(Obstacle) {
      try writer.append(object: document.members, at: .top)
      if writer.text.count > limit { throw .tooLong }
      return .text(writer.text)
    } catch {
      switch error {
      case .tooLong: return .tooLong(max(document.bytes.count, limit.addingReportingOverflow(1).partialValue))
      case .unusable(let path, let problem): return .unusable(problem.content(at: path))
      }
    }
  }

  /// The text of one value; nil if it has none.
  static func text(of value: BSONValue, at place: FieldPlace) -> [UInt8]? {
    var writer = StoredText(limit: .max)
    do throws(Obstacle) { try writer.append(value, at: place) } catch { return nil }
    return writer.text
  }

  private init(limit: Int) { self.limit = limit }

  // MARK: containers

  private mutating func append(object members: BSONMembers, at place: FieldPlace) throws(Obstacle) {
    var isFirst = true
    text.append(UInt8(ascii: "{"))
    for member in members where place != .top || !member.isNamed("_id") {
      if !isFirst { text.append(", ") }
      isFirst = false
      do throws(Obstacle) {
        try append(string: member.nameBytes, Unsendable.noUTF8("a field's name"))
        text.append(": ")
        try append(member.value, at: place.member(member.nameBytes))
      } catch { throw error.inside { $0.inside(member: member.nameBytes) } }
    }
    text.append(UInt8(ascii: "}"))
  }

  private mutating func append(array items: BSONMembers, at place: FieldPlace) throws(Obstacle) {
    text.append(UInt8(ascii: "["))
    for (index, item) in items.enumerated() {
      if index > 0 { text.append(", ") }
      do throws(Obstacle) { try append(item.value, at: place) } catch { throw error.inside { $0.inside(item: index) } }
    }
    text.append(UInt8(ascii: "]"))
  }

  // MARK: values

  private mutating func append(_ value: BSONValue, at place: FieldPlace) throws(Obstacle) {
    switch value.type {
    // pymongo reads what is undefined as None.
    case .null, .undefined: text.append("null")
    case .bool: text.append(value.bool == true ? "true" : "false")
    case .int32, .int64: text.append("\(value.integer ?? 0)")
    case .string, .symbol: try append(string: value.utf8 ?? [], Unsendable.noUTF8("a String"))
    case .double where value.double?.isFinite == true: text.append(PythonRepr.float(value.double ?? 0))
    case .array: if let items = value.members { try append(array: items, at: place == .sent ? .sent : .read) }
    case .document:
      guard let members = value.members else { break }
      if place == .sent, Unsendable.isReference(value) { throw .unusable(FieldPath(), .type("a DBRef")) }
      try append(object: members, at: place)
    default:
      if place == .sent { try append(sent: value) } else { try append(extended: value) }
    }
    if text.count > limit { throw .tooLong }
  }

  /// - Parameter problem: if the bytes are no text.
  private mutating func append(string utf8: ArraySlice<UInt8>, _ problem: Unsendable) throws(Obstacle) {
    // Escapes make it longer, never shorter.
    guard utf8.count <= limit - min(limit, text.count) else { throw .tooLong }
    if utf8.allSatisfy(JSONText.isPlain) {
      text.append(UInt8(ascii: "\""))
      text += utf8
      text.append(UInt8(ascii: "\""))
    } else {
      let bytes = Array(utf8)
      guard (try? UTF8Span(validating: bytes.span)) != nil else { throw .unusable(FieldPath(), problem) }
      text.appendJSON(utf8: bytes)
    }
  }

  /// What JSON does not have, for a worker.
  private mutating func append(sent value: BSONValue) throws(Obstacle) {
    switch value.type {
    case .date:
      guard let instant = value.instant else { throw .unusable(FieldPath(), .noDate) }
      text.append(KombuText.datetime(instant))
    case .binary:
      guard let bytes = value.plainBinary else { throw .unusable(FieldPath(), .brokenBinary) }
      guard Base64.length(of: bytes.count) <= limit else { throw .tooLong }
      text.append(KombuText.bytes(Array(bytes)))
    // pymongo's Code is a `str`.
    case .code: try append(string: value.utf8 ?? [], .noUTF8("Code"))
    case .scopedCode: try append(string: value.scopedCode?.code ?? [], .noUTF8("Code"))
    case .double: throw .unusable(FieldPath(), .noNumber)
    default: throw .unusable(FieldPath(), .type(value.type.words))
    }
  }

  /// What JSON does not have, for the daemon.
  private mutating func append(extended value: BSONValue) throws(Obstacle) {
    guard value.range.count <= limit else { throw .tooLong }
    if let (code, scope) = value.scopedCode {
      text.append(#"{"$code": "#)
      try append(string: code, .noUTF8("Code"))
      text.append(#", "$scope": "#)
      try append(object: scope.members, at: .read)
      text.append(UInt8(ascii: "}"))
    } else {
      guard let json = ExtendedJSONText.text(of: value) else { throw .unusable(FieldPath(), .noUTF8(value.type.words)) }
      text.append(json)
    }
  }
}

extension StoredText.Obstacle {
  /// The same obstacle, seen from further outside.
  fileprivate func inside(_ outer: (FieldPath) -> FieldPath) -> StoredText.Obstacle {
    guard case .unusable(let path, let problem) = self else { return self }
    return .unusable(outer(path), problem)
  }
}

extension BSONValue {
  /// A Date's instant; nil beyond the years that Python knows.
  var instant: UnixTime? {
    guard let milliseconds, (-62_135_596_800_000...253_402_300_799_999).contains(milliseconds) else { return nil }
    return UnixTime(microseconds: milliseconds * 1_000)
  }

  /// The bytes of a binary value as drivers give them: of the old subtype 2 without their own length. Nil where that length
  /// is another one.
  fileprivate var plainBinary: ArraySlice<UInt8>? {
    guard let (subtype, bytes) = binary, subtype == 2 else { return binary?.bytes }
    guard bytes.count >= 4, Int(self.bytes.int32(at: bytes.startIndex)) == bytes.count - 4 else { return nil }
    return bytes.dropFirst(4)
  }
}
