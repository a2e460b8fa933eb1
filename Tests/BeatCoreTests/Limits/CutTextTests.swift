import Testing

@testable import BeatCore

@Suite("Quoted outside text is cut") struct CutTextTests {
  @Test func theBeginningIsOfWholeCharacters() {
    #expect("abc".beginning(3) == "abc")
    #expect("abcd".beginning(3) == "abc…")
    #expect("aéé".beginning(4) == "aé…", "é has two bytes")
    #expect("👩".beginning(3) == "…")
    #expect("abc".beginning(0) == "…")
    #expect("".beginning(0) == "")
  }

  /// A name that a schedule may have is shown whole. The beginning of a longer one shows which it is.
  @Test func namesAreWholeAsFarAsTheyMayBe() {
    let prefix = "tasks:meta:"
    let longest = prefix + String(repeating: "n", count: Limit.nameLength.most)
    #expect(EntryName(longest).brief(after: prefix.utf8.count) == longest)
    #expect(
      EntryName(longest + "n").brief(after: prefix.utf8.count)
        == prefix + String(repeating: "n", count: 60) + "… (1036 bytes)")
    let million = EntryName(String(repeating: "\u{85}", count: 500_000))
    #expect(million.brief().utf8.count < 400)
  }

  /// Reasons are short, whatever the document has.
  @Test(arguments: Filling.all) func reasonsAreShort(_ filling: Filling) {
    let long = JSONLine.quoted(filling.text(4_000))
    let documents =
      ["name", "enabled", "args", "queue", "timezone", "expires", "priority", "headers", "last_run_at", "catchup"]
      .map { Sample.document("\"\($0)\": \(long)") }
      + ["minute", "day_of_week", "x"].map { Sample.crontab("{\"\($0)\": \(long)}") }
      + [Sample.crontab("{\(long): 1}"), Sample.document("\"options\": {\(long): 1}"), long, "{\(long)"]
    for document in documents {
      // Each quoted byte may take six.
      #expect(Sample.problem(document)?.utf8.count ?? 0 < 6 * Limit.reasonLength.most)
      for warning in (try? Sample.read(document))?.warnings ?? [] {
        #expect(warning.utf8.count < 6 * Limit.reasonLength.most)
      }
    }
  }
}
