@testable import BeatCore

extension FuzzTarget {
  /// The JSON scanner: every place that it reports must lie where it should, and read the same by itself.
  static let json = FuzzTarget(
    "json", words: documentWords, seeds: { (SampleDocuments.all + documentSeeds).map { Array($0.utf8) } },
    check: { bytes in
      _ = JSONScanner.isNumber(bytes)
      let members: [JSONMember]
      let range: Range<Int>
      do throws(JSONError) {
        (members, range) = try JSONScanner.document(bytes)
      } catch {
        try hold((0...bytes.count).contains(error.offset), "an error at \(error.offset) of \(bytes.count)")
        return try holdOneLine(DocumentProblem(error, in: bytes).description)
      }
      try hold(range.upperBound <= bytes.count, "the object ends at \(range.upperBound) of \(bytes.count)")
      try holdMembers(members, within: range, in: bytes)
    })

  private static func holdMembers(_ members: [JSONMember], within range: Range<Int>, in bytes: [UInt8]) throws {
    var end = range.lowerBound
    for member in members {
      try hold(
        end <= member.keyRange.lowerBound && member.keyRange.upperBound < member.value.range.lowerBound,
        "a key at \(member.keyRange) before \(end), or behind its value at \(member.value.range)")
      try holdSlice(member.value, within: range, in: bytes)
      end = member.value.range.upperBound
    }
  }

  private static func holdSlice(_ slice: JSONSlice, within range: Range<Int>, in bytes: [UInt8]) throws {
    try hold(
      range.lowerBound < slice.range.lowerBound && slice.range.upperBound < range.upperBound && !slice.range.isEmpty,
      "a value at \(slice.range), not within \(range)")
    switch slice.kind {
    case .string:
      // A string has no text only if it contains a lone surrogate.
      guard let text = JSONScanner.text(of: slice, in: bytes) else {
        return try hold(bytes[slice.range].contains(UInt8(ascii: "\\")), "a string without an escape has no text")
      }
      let again = Array(#"{"s": "#.utf8) + Array(JSONText.string(text).utf8) + Array("}".utf8)
      let (members, _) = try JSONScanner.document(again)
      try hold(
        members.first.flatMap { JSONScanner.text(of: $0.value, in: again) } == text, "\(text.debugDescription) changed")
      _ = UnixTime(iso8601: text)
    case .number:
      try hold(JSONScanner.isNumber(Array(bytes[slice.range])), "a number is no number by itself")
      guard let number = DocumentNumber(slice, in: bytes) else { throw BrokenProperty("a number that is none") }
      _ = (number.integer, number.microseconds(perUnit: 1_000_000))
      try hold(!PythonRepr.number(number.text).isEmpty, "a number without a text")
    case .array:
      var end = slice.range.lowerBound
      for item in JSONScanner.items(of: slice, in: bytes) {
        try hold(end < item.range.lowerBound, "an item at \(item.range) before \(end)")
        try holdSlice(item, within: slice.range, in: bytes)
        end = item.range.upperBound
      }
      _ = PythonRepr.arguments(slice, in: bytes)
    case .object:
      try holdMembers(JSONScanner.members(of: slice, in: bytes), within: slice.range, in: bytes)
      _ = PythonRepr.keywords(slice, in: bytes)
    case .shellCall:
      guard let (name, argument) = JSONScanner.shellCall(slice, in: bytes), !name.isEmpty, slice.holdsShellCall else {
        throw BrokenProperty("a constructor without a name")
      }
      if let argument { try holdSlice(argument, within: slice.range, in: bytes) }
    case .null, .bool: break
    }
    if let date = DocumentDate(slice, in: bytes) {
      try hold((UnixTime.earliest...UnixTime.latest).contains(date.instant), "a date of \(date.instant)")
    }
  }
}
