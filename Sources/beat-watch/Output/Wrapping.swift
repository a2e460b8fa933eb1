/// Breaks text into several lines, so that none is longer than the terminal.
enum Wrapping {
  /// The text's lines, broken between words. A word is broken only if it alone is longer than a line.
  ///
  /// - Parameters:
  ///   - width: the terminal's columns; nil: there is no terminal, and the text stays one line.
  ///   - indent: the columns before each line but the first.
  static func lines(_ text: String, width: Int?, indent: Int = 0) -> [String] {
    guard let width, width > 0, text.utf8.count > width else { return [text] }
    let indent = min(indent, width / 3)
    let margin = String(repeating: " ", count: indent)
    return ranges(of: text, width: width, indent: indent).enumerated().map { index, range in
      index == 0 ? String(text[range]) : margin + text[range]
    }
  }

  private static func ranges(of text: String, width: Int, indent: Int) -> [Range<String.Index>] {
    var ranges: [Range<String.Index>] = []
    var columns = DisplayWidth.Columns()
    var (start, index) = (text.startIndex, text.startIndex)
    var column = 0
    var isInWord = false
    /// The end of the last word that fits, and the beginning of the next word.
    var gap: (end: String.Index, next: String.Index)?
    while index < text.endIndex {
      let own = columns.next(text[index])
      let after = text.index(after: index)
      column += own
      if text[index] == " " {
        if isInWord { gap = (index, after) } else if gap != nil { gap?.next = after }
        isInWord = false
        index = after
      } else if column <= width {
        isInWord = isInWord || own > 0
        index = after
      } else if let place = gap {
        // The search goes on at the word that did not fit. It is less than a line behind, so that the work stays
        // linear.
        ranges.append(start..<place.end)
        (start, index, column, isInWord, gap) = (place.next, place.next, indent, false, nil)
      } else {
        if start < index { ranges.append(start..<index) }
        (start, index, column, isInWord) = (index, after, indent + own, true)
      }
    }
    ranges.append(start..<(isInWord ? text.endIndex : gap?.end ?? text.endIndex))
    return ranges
  }
}
