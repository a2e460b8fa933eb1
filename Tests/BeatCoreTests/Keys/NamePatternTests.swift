import Testing

@testable import BeatCore

/// Redis defines what a glob means. Another test compares both on random globs with a server.
@Suite struct NamePatternTests {
  @Test(arguments: [
    ("hello", "hello", true), ("hello", "hell", false), ("", "", true), ("*", "", true), ("*", "anything", true),
    ("a*c", "abbbc", true), ("a*c", "abbbcd", false), ("a**c", "ac", true), ("*a*a*", "banana", true), ("?", "", false),
    ("h?llo", "hallo", true), ("h[ae]llo", "hello", true), ("h[ae]llo", "hillo", false), ("h[^e]llo", "hallo", true),
    ("h[^e]llo", "hello", false), ("h[a-c]llo", "hbllo", true), ("h[c-a]llo", "hbllo", true),
    (#"h\*llo"#, "h*llo", true),
    (#"h\*llo"#, "hello", false), (#"[\]]"#, "]", true), ("tenant-[0-9]*", "tenant-7-report", true),
    ("a[", "a[", false),
  ])
  func matches(_ pattern: String, _ name: String, _ expected: Bool) {
    #expect(NamePattern(pattern).matches(EntryName(name)) == expected)
  }

  @Test func aNameWithoutSignsIsNoGlob() {
    #expect(!NamePattern("plain:name-1").isGlob)
    for glob in ["a*", "a?", "[a]", #"\a"#] { #expect(NamePattern(glob).isGlob) }
  }

  /// Globs that take exponential time if each `*` tries all remaining lengths.
  @Test func manyStarsAgainstALongNameTakeNoTime() {
    let pattern = NamePattern(String(repeating: "a*", count: 200) + "b")
    #expect(!pattern.matches(EntryName(String(repeating: "a", count: 5_000))))
  }
}
