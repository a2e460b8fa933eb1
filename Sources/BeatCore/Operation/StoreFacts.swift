/// What a store's server reports about itself, for people and for programs.
package struct StoreFacts: Hashable, Sendable {
  package enum Value: Hashable, Sendable {
    /// nil: the server does not report it, or not to this user.
    case text(String?)
    case number(Int64?)
  }

  package struct Fact: Hashable, Sendable {
    package let name: String
    package let value: Value

    package init(_ name: String, _ value: Value) { (self.name, self.value) = (name, value) }
  }

  /// The kind of store, in one word.
  package let kind: String
  /// The facts that matter most, in one line of text.
  package let words: String
  /// All facts, in the terms of this kind of store.
  package let facts: [Fact]
  /// Why the server refuses writes at present, so that no daemon can lead; nil: no reason is known.
  package let writeObstacle: String?

  package init(kind: String, words: String, facts: [Fact], writeObstacle: String?) {
    self.kind = kind
    self.words = words
    self.facts = facts
    self.writeObstacle = writeObstacle
  }
}
