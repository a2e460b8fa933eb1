import Testing

@testable import BeatCore

/// The word that was probably meant.
@Suite struct NearMissTests {
  @Test(arguments: [
    ("", "", 0), ("a", "", 1), ("jiter", "jitter", 1), ("abcd", "abdc", 1), ("queue", "quene", 1), ("ab", "xy", 2),
  ])
  func distance(_ one: String, _ two: String, _ expected: Int) {
    #expect(NearMiss.distance(Array(one.utf8), Array(two.utf8)) == expected)
    #expect(NearMiss.distance(Array(two.utf8), Array(one.utf8)) == expected)
  }

  @Test func ofWords() {
    let words = ["jitter", "queue", "kwargs", "args", "expires", "expires_at"]
    #expect(NearMiss.words(for: "jiter", among: words) == ["jitter"])
    #expect(NearMiss.words(for: "Queue", among: words) == ["queue"])
    #expect(NearMiss.words(for: "arg", among: words) == ["args"])
    #expect(NearMiss.words(for: "nonsense", among: words) == [] && NearMiss.words(for: "", among: words) == [])
  }
}
