import Testing

@testable import BeatCore

@Suite struct StoreIncarnationTests {
  /// An incarnation that a daemon of the version before has written, without an identity, stays the same store, too.
  @Test(arguments: ["5e.1", "5e.1/f00", "5e.1/"]) func anotherWordIsNoOtherStore(_ word: String) {
    let renewed = StoreIncarnation.renewed(word, random: "abc")
    #expect(renewed == "5e.1/abc")
    #expect(StoreIncarnation.identity(of: renewed) == StoreIncarnation.identity(of: word))
  }

  /// A value that another client has put there is replaced as a whole, so that it cannot grow.
  @Test(arguments: [nil, "", "/", "/f00", String(repeating: "x", count: 65)])
  func whatIsNoIdentityGetsOne(_ word: String?) {
    #expect(StoreIncarnation.renewed(word, random: "abc") == "abc/abc")
  }
}
