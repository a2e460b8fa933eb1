import BeatCore

/// Reads values of a text as BSON.
///
/// What stands as it was stored keeps its type, however deep within a field that has changed. A number that is new is an
/// Int32 if it fits, a Long if it does not or if one stood there, and a Double if it has a fraction or an exponent.
struct TextReader {
  let text: [UInt8]

  /// Adds the value of a slice under a name.
  ///
  /// - Parameter stored: what stands at the same place of the stored document.
  func add(
    _ slice: JSONSlice, as name: String, at place: FieldPlace, stored: BSONValue?, to writer: inout BSONWriter
  ) throws(FieldChangesError) {
    switch slice.kind {
    case .object where stored?.type == .document:
      try add(object: slice, as: name, at: place, stored: stored, to: &writer)
    case .array where stored?.type == .array:
      try add(array: slice, as: name, at: place, stored: stored, to: &writer)
    case _ where isText(slice, of: stored, at: place):
      if let stored { writer.add(name, stored) }
    case .null: writer.addNull(name)
    case .bool: writer.add(name, text[slice.range.lowerBound] == UInt8(ascii: "t"))
    case .string: writer.add(name, utf8: try utf8(slice))
    case .number: try add(number: slice, as: name, at: place, stored: stored, to: &writer)
    case .array: try add(array: slice, as: name, at: place, stored: nil, to: &writer)
    case .object: try add(object: slice, as: name, at: place, stored: stored, to: &writer)
    case .shellCall:
      guard place != .sent, try ExtendedValue(slice, in: text).add(as: name, to: &writer) else {
        throw FieldChangesError("", "holds \(excerpt(slice)), which is not JSON")
      }
    }
  }

  /// Whether a slice is the text of a stored value that is neither a document nor an array.
  private func isText(_ slice: JSONSlice, of stored: BSONValue?, at place: FieldPlace) -> Bool {
    guard let stored, stored.members == nil else { return false }
    return StoredText.text(of: stored, at: place).map { text[slice.range].elementsEqual($0) } ?? false
  }

  private func utf8(_ slice: JSONSlice) throws(FieldChangesError) -> ArraySlice<UInt8> {
    guard let utf8 = JSONScanner.utf8(of: slice, in: text) else {
      throw FieldChangesError("", "holds half of a surrogate pair, which is no text")
    }
    return utf8
  }

  // MARK: containers

  private func add(
    array slice: JSONSlice, as name: String, at place: FieldPlace, stored: BSONValue?, to writer: inout BSONWriter
  ) throws(FieldChangesError) {
    let place = place == .sent ? FieldPlace.sent : .read
    var before = stored?.members
    let items = JSONScanner.items(of: slice, in: text)
    try writer.add(name, array: items.enumerated()) { inner, name, item throws(FieldChangesError) in
      do throws(FieldChangesError) {
        try add(item.element, as: name, at: place, stored: before?.next()?.value, to: &inner)
      } catch { throw error.inside(item: item.offset) }
    }
  }

  private func add(
    object slice: JSONSlice, as name: String, at place: FieldPlace, stored: BSONValue?, to writer: inout BSONWriter
  ) throws(FieldChangesError) {
    let members = try TextMember.all(JSONScanner.members(of: slice, in: text), in: text)
    let isDocument = stored?.type == .document
    // A document that is stored with such a name is one, and no Extended JSON.
    if place != .sent, let key = members.first?.nameText, key.hasPrefix("$"), !isDocument || stored?[key] == nil,
      try ExtendedValue(slice, in: text).add(as: name, to: &writer)
    {
      return
    }
    if place == .sent, Unsendable.isReference(members) {
      throw FieldChangesError(
        "", "holds $ref and $id, which pymongo reads as a DBRef, and Celery cannot send one as JSON")
    }
    if place == .sent, stored?.type == .date, let date = KombuDate.milliseconds(members, in: text) {
      return writer.add(name, date: date)
    }
    var before = StoredMembers(isDocument ? stored?.members : nil)
    try writer.add(name) { inner throws(FieldChangesError) in
      for member in members {
        do throws(FieldChangesError) {
          try add(
            member.value, as: member.nameText, at: place.member(member.name), stored: before.last(member.name),
            to: &inner)
        } catch { throw error.inside(member: member.nameText) }
      }
    }
  }

  // MARK: numbers

  private func add(
    number slice: JSONSlice, as name: String, at place: FieldPlace, stored: BSONValue?, to writer: inout BSONWriter
  ) throws(FieldChangesError) {
    guard let number = DocumentNumber(slice, in: text)?.text else {
      throw FieldChangesError("", "holds \(excerpt(slice)), which has more digits than are read")
    }
    if number.utf8.contains(where: { Self.signsOfDoubles.contains($0) }) {
      guard let double = Double(number), double.isFinite || number.hasSuffix("y") || number.hasSuffix("N") else {
        throw FieldChangesError("", "holds \(excerpt(slice)), which is beyond what a Double holds")
      }
      guard double.isFinite || place != .sent else {
        throw FieldChangesError("", "holds \(excerpt(slice)), which is not JSON")
      }
      return writer.add(name, double)
    }
    guard let integer = Int64(number) else {
      throw FieldChangesError("", "holds \(excerpt(slice)), which is beyond the 64 bits of a whole number in MongoDB")
    }
    if stored?.type != .int64, let short = Int32(exactly: integer) {
      writer.add(name, short)
    } else {
      writer.add(name, integer)
    }
  }

  /// A number with one of these characters is a Double: it has a fraction or an exponent, or is NaN or Infinity.
  private static let signsOfDoubles = Array(".eENI".utf8)

  private func excerpt(_ slice: JSONSlice) -> String { DocumentProblem.excerpt(text[slice.range]) }
}

/// A Date that stood in arguments, as kombu writes it.
private enum KombuDate {
  /// Nil for another text than kombu would write of a Date.
  static func milliseconds(_ members: [TextMember], in text: [UInt8]) -> Int64? {
    func value(_ name: String) -> String? {
      members.first { $0.name.elementsEqual(name.utf8) }.flatMap { JSONScanner.text(of: $0.value, in: text) }
    }
    guard members.count == 2, value("__type__")?.utf8.elementsEqual("datetime".utf8) == true,
      let written = value("__value__"),
      let instant = UnixTime(iso8601: written), instant.microseconds.isMultiple(of: 1_000),
      KombuText.isoformat(instant).utf8.elementsEqual(written.utf8)
    else { return nil }
    return instant.microseconds / 1_000
  }
}
