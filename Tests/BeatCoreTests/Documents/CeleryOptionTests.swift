import Testing

@testable import BeatCore

@Suite("The table of Celery's options is whole")
struct CeleryOptionTests {
  /// Celery itself is asked for the parameters of `apply_async` and of what it calls: each has a verdict.
  @Test func eachParameterHasAVerdict() throws {
    let answer = try #require(try WireOracle.ask([#"{"parameters": true}"#]).first)
    let layout = try DocumentLayout(Array(#"{"names": \#(answer)}"#.utf8))
    let names = try JSONScanner.items(of: #require(layout["names"]), in: layout.bytes)
      .compactMap { JSONScanner.text(of: $0, in: layout.bytes) }
    #expect(names.count > 50)
    // These are the message itself, and no options.
    let others: Set = ["self", "args", "kwargs", "name", "body", "message"]
    for name in names where !others.contains(name) { #expect(CeleryOption.isKnown(name), "\(name)") }
  }

  @Test func eachHasOne() {
    for name in CeleryOption.honoured {
      #expect(CeleryOption.refusal(of: name) == nil && !CeleryOption.idle.contains(name))
    }
    for name in CeleryOption.idle { #expect(CeleryOption.refusal(of: name) == nil) }
    for name in CeleryOption.refusedAnywhere { #expect(CeleryOption.refusal(of: name) != nil) }
  }
}
