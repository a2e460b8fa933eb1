import Glibc

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
    guard let first = word.first else { return true }
    guard text.count >= word.count else { return false }
    return text.withUnsafeBytes { text in
      word.withUnsafeBytes { word in
        guard let start = text.baseAddress, let wanted = word.baseAddress else { return false }
        // The places where the word may begin, found by its first byte.
        let last = text.count - word.count
        var offset = 0
        while offset <= last, let found = memchr(start + offset, Int32(first), last - offset + 1) {
          if memcmp(found, wanted, word.count) == 0 { return true }
          offset = UnsafeRawPointer(found) - start + 1
        }
        return false
      }
    }
  }
}
