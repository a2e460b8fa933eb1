/// Text as searches compare it: in lower case, as UTF-8.
enum SearchText {
  static func folded(_ text: String) -> [UInt8] {
    // Nearly all text is this.
    if text.utf8.allSatisfy({ $0 < 0x80 && !(0x41...0x5A).contains($0) }) { return Array(text.utf8) }
    return Array(text.lowercased().utf8)
  }

  /// The words of a search, each at least one character long.
  static func words(_ search: String) -> [[UInt8]] {
    search.split(whereSeparator: \.isWhitespace).map { folded(String($0)) }
  }

  static func holds(_ text: [UInt8], _ word: [UInt8]) -> Bool {
    guard word.count > 1, text.count >= word.count else {
      return word.isEmpty || text.count >= word.count && text.contains(word[0])
    }
    return text.withUnsafeBufferPointer { text in
      word.withUnsafeBufferPointer { word in
        // Two bytes decide nearly always. Names are short, so that a call for each first byte would take longer.
        let (first, second, last) = (word[0], word[1], text.count - word.count)
        var offset = 0
        while offset <= last {
          if text[offset] == first, text[offset + 1] == second {
            var matched = 2
            while matched < word.count, text[offset + matched] == word[matched] { matched += 1 }
            if matched == word.count { return true }
          }
          offset += 1
        }
        return false
      }
    }
  }
}
