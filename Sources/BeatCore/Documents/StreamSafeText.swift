extension String {
  /// The text in the Stream-Safe Text Format (UAX #15, section 13): more than 30 combining marks in a row are parted by
  /// U+034F, which changes no text that any language has.
  ///
  /// Swift compares and hashes text by its canonical form, and sorts such a run in quadratic time: a megabyte of
  /// combining marks would take minutes wherever it is compared with a word.
  package var streamSafe: String {
    guard utf8.count > Self.alwaysStreamSafe, utf8.contains(where: { $0 >= 0xCC }) else { return self }
    var result: [UInt8] = []
    var (run, isSafe) = (0, true)
    for scalar in unicodeScalars {
      // None before them combines.
      run = scalar.value < 0x300 || scalar.properties.canonicalCombiningClass == .notReordered ? 0 : run + 1
      if run > Self.longestRun {
        isSafe = false
        run = 1
        result.append(contentsOf: ("\u{034F}" as Unicode.Scalar).utf8)
      }
      result.append(contentsOf: scalar.utf8)
    }
    return isSafe ? self : String(decoding: result, as: UTF8.self)
  }

  /// Whether no run of combining marks is longer than the format allows.
  package var isStreamSafe: Bool { streamSafe.utf8.count == utf8.count }

  private static var longestRun: Int { 30 }

  /// A text of so many bytes cannot hold more combining marks in a row than that: each has two bytes or more.
  static var alwaysStreamSafe: Int { 2 * longestRun }
}
