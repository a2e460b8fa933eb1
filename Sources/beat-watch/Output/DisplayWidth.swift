/// How many columns text takes on a terminal: by Unicode's East Asian Width (UAX 11), with watermarks that take none,
/// and emoji sequences that take two together. Ambiguous ones take one.
///
/// Sequences of our own `Style` take none; text from outside has no control characters when it comes here
/// (`printable`).
enum DisplayWidth {
  static func of(_ text: some StringProtocol) -> Int {
    // Nearly all text.
    if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return text.utf8.count }
    var columns = Columns()
    return text.reduce(0) { $0 + columns.next($1) }
  }

  /// One character as people see it, of any number of code points.
  static func of(_ character: Character) -> Int {
    if let ascii = character.asciiValue { return (0x20...0x7E).contains(ascii) ? 1 : 0 }
    var width = 0
    var isJoined = false
    var base: Unicode.Scalar?
    for scalar in character.unicodeScalars {
      switch scalar.value {
      case 0x200D: isJoined = true
      // The emoji form of a character that is narrow as text.
      case 0xFE0F: if base?.properties.isEmoji == true { width = max(width, 2) }
      default:
        let isPartOfEmoji = isJoined && scalar.properties.isEmoji || scalar.properties.isEmojiModifier && width > 0
        if !isPartOfEmoji { width += of(scalar) }
        isJoined = false
        base = scalar
      }
    }
    return width
  }

  /// One code point that stands alone.
  static func of(_ scalar: Unicode.Scalar) -> Int {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control, .lineSeparator, .paragraphSeparator, .surrogate: return 0
    default: break
    }
    switch scalar.value {
    // Vowels and finals of Hangul, which are drawn into the syllable before.
    case 0x1160...0x11FF, 0xD7B0...0xD7FF: return 0
    // Of regional indicators two make a flag.
    case 0x1F1E6...0x1F1FF: return 1
    // None before them is wide.
    case ..<0x1100: return 1
    default: return isWide(scalar.value) || scalar.properties.isEmojiPresentation ? 2 : 1
    }
  }

  private static func isWide(_ value: UInt32) -> Bool {
    var (low, high) = (0, WideScalars.ranges.count)
    while low < high {
      let middle = (low + high) / 2
      if WideScalars.ranges[middle].last < value { low = middle + 1 } else { high = middle }
    }
    return low < WideScalars.ranges.count && WideScalars.ranges[low].first <= value
  }

  /// Widths of the characters of a text, one after the other: a sequence that only changes how text looks takes none.
  struct Columns {
    private var isInSequence = false

    mutating func next(_ character: Character) -> Int {
      if isInSequence {
        isInSequence = character != "m"
        return 0
      }
      isInSequence = character == "\u{1B}"
      return isInSequence ? 0 : DisplayWidth.of(character)
    }
  }
}

/// Text that has to do with less room.
enum Cut {
  /// Columns of what a person has typed, where an error tells it again.
  static let argumentWidth = 60

  /// What a person has typed, for an error: enough to know it by, on one line.
  static func argument(_ text: String) -> String { end(text.printable, to: argumentWidth) }

  /// Its beginning, and `…` if that is not all. At most `width` columns; looks at no more of the text than that.
  static func end(_ text: String, to width: Int) -> String {
    guard let end = place(in: text, of: width) else { return text }
    let head = text[..<end]
    return head + "…" + (head.contains("\u{1B}") ? "\u{1B}[0m" : "")
  }

  /// Both of its ends, as what tells names apart may stand at either. Not for styled text.
  static func middle(_ text: String, to width: Int) -> String {
    guard place(in: text, of: width) != nil, width > 2 else { return end(text, to: width) }
    let room = width - 1
    var (start, left) = (text.endIndex, room / 2)
    while start > text.startIndex {
      let before = text.index(before: start)
      left -= DisplayWidth.of(text[before])
      guard left >= 0 else { break }
      start = before
    }
    var (end, rest) = (text.startIndex, room - room / 2)
    while end < start {
      rest -= DisplayWidth.of(text[end])
      guard rest >= 0 else { break }
      end = text.index(after: end)
    }
    return text[..<end] + "…" + text[start...]
  }

  /// Where to cut so that an ellipsis has room, too; nil if all of it has.
  private static func place(in text: String, of width: Int) -> String.Index? {
    var columns = DisplayWidth.Columns()
    var total = 0
    var place = text.startIndex
    for index in text.indices {
      if total < width { place = index }
      total += columns.next(text[index])
      if total > width { return place }
    }
    return nil
  }
}
