/// What a store's server says of itself, for people and for their programs.
package struct StoreFacts: Hashable, Sendable {
  package enum Value: Hashable, Sendable {
    /// nil: the server does not say it, or not to this user.
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
  /// In a line.
  package let words: String
  /// In the kind's own terms.
  package let facts: [Fact]
  /// Why the server takes no writes at present, so that no daemon can lead; nil: nothing is known that stands against it.
  package let writeObstacle: String?

  package init(kind: String, words: String, facts: [Fact], writeObstacle: String?) {
    self.kind = kind
    self.words = words
    self.facts = facts
    self.writeObstacle = writeObstacle
  }
}
