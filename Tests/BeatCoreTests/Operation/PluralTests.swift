import Testing

@testable import BeatCore

@Suite struct PluralTests {
  @Test(arguments: [(0, "0 schedules"), (1, "1 schedule"), (2, "2 schedules")])
  func nouns(_ count: Int, _ text: String) { #expect(Plural.of(count, "schedule") == text) }

  @Test func verbs() {
    #expect(Plural.of(1, "message waits", "messages wait") == "1 message waits")
    #expect(Plural.of(Int64(5), "message waits", "messages wait") == "5 messages wait")
    #expect(Plural.word(1, "it", "them") == "it" && Plural.word(0, "it", "them") == "them")
  }
}
