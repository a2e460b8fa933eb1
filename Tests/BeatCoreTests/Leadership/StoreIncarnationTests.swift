import Testing

@testable import BeatCore

@Suite struct StoreIncarnationTests {
  /// By daemons of the version before, too, which know of no identity.
  @Test(arguments: ["5e.1", "5e.1/f00", "5e.1/"]) func anotherWordIsNoOtherStore(_ word: String) {
    let renewed = StoreIncarnation.renewed(word, random: "abc")
    #expect(renewed == "5e.1/abc")
    #expect(StoreIncarnation.identity(of: renewed) == StoreIncarnation.identity(of: word))
  }

  /// Of what somebody has put there nothing is kept that could grow.
  @Test(arguments: [nil, "", "/", "/f00", String(repeating: "x", count: 65)])
  func whatIsNoIdentityGetsOne(_ word: String?) {
    #expect(StoreIncarnation.renewed(word, random: "abc") == "abc/abc")
  }
}
