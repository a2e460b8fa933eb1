import Testing

@testable import BeatCore
@testable import BeatRedis

/// Prefixes that have schedules under them, but are probably not meant.
@Suite struct PrefixDoubtTests {
  private func doubt(_ prefix: String, _ names: String...) -> PrefixDoubt? {
    PrefixDoubt(Array(prefix.utf8), names: names.map { EntryName($0) })
  }

  @Test(arguments: [
    ("tasks:meta", [":hello"], "tasks:meta:"), ("tasks", ["x", ":meta:hello"], "tasks:"),
    ("tasks.meta", [".hello"], "tasks.meta."), ("tasks:meta:hello", [""], "tasks:meta:"),
    ("tasks:meta:*", [], "tasks:meta:"), ("tasks:meta:[ab]", [], "tasks:meta:"), ("tasks:?eta:", [], "tasks:"),
  ])
  func probable(_ prefix: String, _ names: [String], _ probable: String) throws {
    let doubt = try #require(PrefixDoubt(Array(prefix.utf8), names: names.map { EntryName($0) }))
    #expect(doubt.probable == EntryName(probable))
    #expect(doubt.words.contains(prefix) && doubt.words.contains("to be \(probable)?"))
  }

  @Test func nothingSpeaksAgainstIt() {
    #expect(doubt("tasks:meta:", "hello", ":odd", "") == nil)
    #expect(doubt("beat-", "hello") == nil && doubt("schedule", "hello", "7") == nil)
    #expect(doubt("", ":x") == nil && doubt("tasks:meta") == nil)
    #expect(doubt("*", "x")?.words.hasSuffix(" right?") == true)
  }
}
