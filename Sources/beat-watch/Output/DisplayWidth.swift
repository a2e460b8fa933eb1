/// How many columns text takes on a terminal, by Unicode's East Asian Width (UAX 11). Combining marks take none,
/// and an emoji sequence takes two. Ambiguous characters take one.
///
/// Escape sequences of `Style` take none. Text from outside holds no control characters here, since `printable` has
/// removed them.
enum DisplayWidth {
  static func of(_ text: some StringProtocol) -> Int {
    // Nearly all text is ASCII.
    if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return text.utf8.count }
    var columns = Columns()
    return text.reduce(0) { $0 + columns.next($1) }
  }

  /// The width of one character as users see it, of any number of code points.
  static func of(_ character: Character) -> Int {
    if let ascii = character.asciiValue { return (0x20...0x7E).contains(ascii) ? 1 : 0 }
    var width = 0
    var isJoined = false
    var base: Unicode.Scalar?
    for scalar in character.unicodeScalars {
      switch scalar.value {
      case 0x200D: isJoined = true
      // This code point selects the emoji form of a character that is narrow as text.
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

  /// The width of one code point that stands alone.
  static func of(_ scalar: Unicode.Scalar) -> Int {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control, .lineSeparator, .paragraphSeparator, .surrogate: return 0
    default: break
    }
    switch scalar.value {
    // Vowels and finals of Hangul are drawn into the syllable before them.
    case 0x1160...0x11FF, 0xD7B0...0xD7FF: return 0
    // Two regional indicators make one flag.
    case 0x1F1E6...0x1F1FF: return 1
    // No code point below is wide.
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

  /// The widths of a text's characters, one after the other. A sequence that only changes how text looks takes no
  /// column.
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

/// Shortens text to the room there is.
enum Cut {
  /// The columns of an argument, where an error repeats it.
  static let argumentWidth = 60

  /// An argument as an error repeats it: enough to recognise it, on one line.
  static func argument(_ text: String) -> String { end(text.printable, to: argumentWidth) }

  /// The text's beginning, with `…` if that is not all. It takes at most `width` columns, and no more of the text than
  /// that is looked at.
  static func end(_ text: String, to width: Int) -> String {
    guard let end = place(in: text, of: width) else { return text }
    let head = text[..<end]
    return head + "…" + (head.contains("\u{1B}") ? "\u{1B}[0m" : "")
  }

  /// The text's beginning and end, since names may differ at either. It is not for styled text.
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

  /// Where to cut so that an ellipsis fits as well; nil if the whole text fits.
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
