import Testing

@testable import beat_watch

/// How many columns a text takes, and how it is cut and wrapped to fit.
@Suite struct DisplayWidthTests {
  @Test(arguments: [
    ("report", 6), ("", 0), ("日報", 4), ("ｶﾅ", 2), ("한국어", 6), ("\u{1112}\u{1161}\u{11AB}", 2), ("Zürich", 6),
    ("Zu\u{308}rich", 6), ("e\u{301}\u{302}\u{323}", 1), ("🚀", 2), ("👨‍👩‍👧‍👦", 2), ("👍🏽", 2), ("🇩🇪", 2), ("🇩", 1), ("❤️", 2),
    ("❤", 1),
    ("1️⃣", 2), ("🏳️‍🌈", 2), ("…", 1), ("→", 1), ("Ж", 1), ("क्षि", 3), ("ภาษาไทย", 7), ("\u{1B}[32mgreen\u{1B}[0m", 5),
    ("\u{1B}[1m日\u{1B}[0m本", 4),
  ])
  func columns(_ text: String, _ expected: Int) {
    #expect(DisplayWidth.of(text) == expected, "\(text.unicodeScalars.map { String($0.value, radix: 16) })")
  }

  /// Each code point that Python knows has the width that Python's data give: two columns by its East Asian Width, none
  /// for a combining mark, else one.
  @Test func widthsArePythons() throws {
    let program = """
      import sys, unicodedata
      none = {"Mn", "Me", "Cf", "Cc", "Zl", "Zp", "Cs"}
      for value in range(sys.maxunicode + 1):
        char, kind = chr(value), unicodedata.category(chr(value))
        if kind == "Cn" or kind == "Cs":
          width = "?"
        elif kind in none or 0x1160 <= value <= 0x11FF or 0xD7B0 <= value <= 0xD7FF:
          width = "0"
        else:
          width = "2" if unicodedata.east_asian_width(char) in "WF" else "1"
        sys.stdout.write(width)
      print()
      print(unicodedata.unidata_version)
      """
    let run = try CommandRun(["-c", program], program: [ProjectFolder.python(celery: "5.7")])
    #expect(run.exit == .status(0) && run.lines.count == 2)
    let widths = Array((run.lines.first ?? "").utf8)
    try #require(widths.count == 0x110000)
    var (compared, different) = (0, [String]())
    for (value, width) in widths.enumerated() where width != UInt8(ascii: "?") {
      guard let scalar = Unicode.Scalar(UInt32(value)) else { continue }
      compared += 1
      if DisplayWidth.of(scalar) != Int(width) - 0x30 { different.append(String(value, radix: 16)) }
    }
    // Each version of Unicode changes the properties of a few code points.
    let isSameVersion = run.lines.last == WideScalars.unicodeVersion
    #expect(compared > 270_000 && different.count <= (isSameVersion ? 0 : 60), "\(different.prefix(100))")
  }

  @Test(arguments: [
    ("nightly-report", 14, "nightly-report"), ("nightly-report", 10, "nightly-r…"), ("日報日報", 5, "日報…"),
    ("日報日報", 4, "日…"),
    ("👨‍👩‍👧‍👦👨‍👩‍👧‍👦x", 4, "👨‍👩‍👧‍👦…"), ("ab", 1, "…"), ("\u{1B}[31mrejected\u{1B}[0m", 5, "\u{1B}[31mreje…\u{1B}[0m"),
  ])
  func cutAtTheEnd(_ text: String, _ width: Int, _ expected: String) {
    #expect(Cut.end(text, to: width) == expected)
  }

  @Test(arguments: [
    ("nightly-report-eu-west", 22, "nightly-report-eu-west"), ("nightly-report-eu-west", 13, "nightl…u-west"),
    ("日報日報日報", 8, "日報…報"), ("日報日報日報", 7, "日…報"), ("abc", 2, "a…"), ("abc", 1, "…"),
  ])
  func cutInTheMiddle(_ text: String, _ width: Int, _ expected: String) {
    let cut = Cut.middle(text, to: width)
    #expect(cut == expected && DisplayWidth.of(cut) <= width)
  }

  @Test(arguments: [
    ("one two three", 13, ["one two three"]), ("one two three", 9, ["one two", "  three"]),
    ("one two three", 8, ["one two", "  three"]), ("one two three", 7, ["one two", "  three"]),
    ("a\u{301}\u{301}\u{301} b", 3, ["a\u{301}\u{301}\u{301} b"]),
    ("  warning: it is late", 12, ["  warning:", "  it is late"]), ("one   two", 5, ["one", " two"]),
    ("abcdefghij", 6, ["abcdef", "  ghij"]), ("x abcdefghij", 6, ["x", "  abcd", "  efgh", "  ij"]),
    ("日報日報 日報", 8, ["日報日報", "  日報"]), ("one two ", 7, ["one two"]), ("", 5, [""]),
    ("\u{1B}[31mone\u{1B}[0m two", 7, ["\u{1B}[31mone\u{1B}[0m two"]),
  ])
  func wrapped(_ text: String, _ width: Int, _ expected: [String]) {
    #expect(Wrapping.lines(text, width: width, indent: 2) == expected)
  }

  /// No word is lost, no line is too long, and the time is proportional to the length, so that a megabyte is wrapped
  /// quickly.
  @Test func wrappingRandomText() {
    var chance = SystemRandomNumberGenerator()
    let words = ["a", "report", "日報", "👨‍👩‍👧‍👦", "e\u{301}e\u{301}", "https://example.org/a/very/long/path?with=query", "🇩🇪🇫🇷"]
    for _ in 0..<2_000 {
      let text = (0..<Int.random(in: 0...30, using: &chance)).map { _ in words.randomElement(using: &chance) ?? "" }
        .joined(separator: " ")
      let width = Int.random(in: 8...60, using: &chance)
      let lines = Wrapping.lines(text, width: width, indent: Int.random(in: 0...12, using: &chance))
      for line in lines { #expect(DisplayWidth.of(line) <= width, "\(line)") }
      #expect(lines.joined().filter { $0 != " " } == text.filter { $0 != " " })
    }
    for text in [String(repeating: "a", count: 1 << 20), String(repeating: "日 ", count: 1 << 18)] {
      #expect(Wrapping.lines(text, width: 80, indent: 4).allSatisfy { DisplayWidth.of($0) <= 80 })
      #expect(DisplayWidth.of(Cut.middle(text, to: 40)) <= 40)
    }
  }
}
