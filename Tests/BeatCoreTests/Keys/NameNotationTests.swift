import Testing

@testable import BeatCore

/// The text that is printed for a name means that name again, or none: never another name.
@Suite struct NameNotationTests {
  /// Parts of names that look like something else.
  private static let pieces: [[UInt8]] =
    [
      "a", "\\", "\\\\", "u{1b}", "x1b", "xff", "\u{1b}", "\n", "\u{85}", "\u{202e}", "\u{200d}", "\u{1F468}",
      "\u{FE0F}", "\u{3164}", "*",
      "?",
      "[",
      "]", "-", "--", " ", "'", "$(x)", "u{2a}", "u{", "}", "x", "u{10ffff}", "ä", "\0",
    ].map { Array($0.utf8) } + [[0xFF], [0xC3], [0x80, 0x1B]]

  private static func names(_ count: Int) -> [EntryName] {
    var chance = SeededChance(seed: 13)
    return (0..<count).map { _ in
      EntryName((0...chance.number(0...6)).flatMap { _ in chance.one(of: pieces) })
    }
  }

  @Test func whatIsPrintedIsReadBack() {
    for name in Self.names(20_000) {
      #expect(NamePattern(name.description).literal == name, "\(name.bytes)")
      let argument = NamePattern(name.argument)
      #expect(argument.literal == name && !argument.isGlob, "\(name.bytes)")
    }
  }

  @Test func noTwoNamesArePrintedAlike() {
    var seen: [String: EntryName] = [:]
    for name in Self.names(50_000) {
      #expect(seen.updateValue(name, forKey: name.description).map { $0 == name } ?? true, "\(name.bytes)")
    }
  }

  @Test func anArgumentIsOnOneLineAndNoOption() {
    for name in Self.names(20_000) {
      let argument = name.argument
      #expect(!argument.hasPrefix("-") && !argument.utf8.contains { $0 < 0x20 || $0 == 0x7F }, "\(name.bytes)")
    }
  }

  @Test(arguments: [
    ("report", "report", "report"), ("Nightly report", "Nightly report", "Nightly report"),
    ("a\u{1b}", #"a\u{1b}"#, #"a\u{1b}"#), (#"a\u{1b}"#, #"a\\u{1b}"#, #"a\u{5c}u{1b}"#),
    ("*", "*", #"\u{2a}"#), ("--store-url=redis://x", "--store-url=redis://x", #"\u{2d}-store-url=redis://x"#),
    (#"App\Jobs"#, #"App\Jobs"#, #"App\u{5c}Jobs"#), (#"\\server"#, #"\\server"#, #"\u{5c}\u{5c}server"#),
    ("a\nb", #"a\u{a}b"#, #"a\u{a}b"#), ("tägl", "tägl", "tägl"),
    ("vs\u{FE0F}x", #"vs\u{fe0f}x"#, #"vs\u{fe0f}x"#), ("\u{3164}", #"\u{3164}"#, #"\u{3164}"#),
    ("\u{2764}\u{FE0F}", "\u{2764}\u{FE0F}", "\u{2764}\u{FE0F}"),
    ("Is it [prod]?", "Is it [prod]?", #"Is it \u{5b}prod]\u{3f}"#),
  ])
  func examples(_ text: String, _ description: String, _ argument: String) {
    let name = EntryName(text)
    #expect(name.description == description && name.argument == argument)
  }

  @Test func bytesThatAreNoText() {
    let name = EntryName([0x2D, 0x61, 0xFF, 0x2A])
    #expect(name.description == #"-a\xff*"# && name.argument == #"\x2da\xff\x2a"#)
    #expect(NamePattern(name.description).literal == name && !NamePattern(name.description).isGlob)
  }

  /// A text that is never printed for a name is taken literally, or as a glob.
  @Test(arguments: [
    #"App\Jobs"#, #"\*"#, #"\a"#, #"\u{zz}"#, #"\u{61}"#, #"\x"#, #"\xFF"#, #"\u{1B}"#, #"a\"#, #"\u{110000}"#,
  ])
  func otherBackslashesStay(_ text: String) {
    #expect(EntryName(notation: text) == nil && NamePattern(text).bytes == Array(text.utf8) && NamePattern(text).isGlob)
  }
}
