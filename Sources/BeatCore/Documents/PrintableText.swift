/// Text from outside, for people: it neither forges a line nor hides what it says. All of it takes time in proportion to
/// its length.
extension String {
  /// The same text with control characters, line separators, bidirectional overrides and invisible characters (Unicode:
  /// Default_Ignorable_Code_Point) written as `\u{…}`. The joiner and the variation selector within an emoji stay.
  package var printable: String {
    if utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return self }
    var result: [UInt8] = []
    result.reserveCapacity(utf8.count)
    var rest = unicodeScalars.makeIterator()
    var before: Unicode.Scalar?
    var next = rest.next()
    while let scalar = next {
      next = rest.next()
      switch scalar.properties.generalCategory {
      case .format where scalar == "\u{200D}" && Self.joins(before, next): result.append(contentsOf: scalar.utf8)
      case .nonspacingMark where scalar == "\u{FE0F}" && Self.isPicture(before): result.append(contentsOf: scalar.utf8)
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate,
        _ where scalar.properties.isDefaultIgnorableCodePoint:
        result.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".utf8)
      default: result.append(contentsOf: scalar.utf8)
      }
      before = scalar
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// Whether what stands around a joiner is one picture by it.
  private static func joins(_ before: Unicode.Scalar?, _ after: Unicode.Scalar?) -> Bool {
    isPicture(after) && (isPicture(before) || before == "\u{FE0F}")
  }

  private static func isPicture(_ scalar: Unicode.Scalar?) -> Bool {
    scalar.map { $0.properties.isEmoji && $0.value > 0xFF } ?? false
  }

  /// Its beginning of at most so many bytes of UTF-8, and `…` if that is not all.
  package func beginning(_ most: Int) -> String {
    guard utf8.count > most else { return self }
    var end = utf8.index(startIndex, offsetBy: max(0, most))
    // Not within a character's bytes.
    while end > startIndex, utf8[end] & 0xC0 == 0x80 { end = utf8.index(before: end) }
    return self[..<end] + "…"
  }
}

extension EntryName {
  /// For a line of a log or a table: whole as far as a schedule may be named, and of a longer one its beginning and length.
  ///
  /// - Parameter prefix: so many bytes at the beginning are the key's prefix, and not of the name.
  package func brief(after prefix: Int = 0) -> String {
    guard Limit.nameLength.isExceeded(by: bytes.count - prefix) else { return description }
    return "\(EntryName(Array(bytes.prefix(prefix + 60))))… (\(Plural.of(bytes.count, "byte")))"
  }
}
