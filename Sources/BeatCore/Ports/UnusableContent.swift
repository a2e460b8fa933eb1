/// What stands in a document's place and cannot be read as one, in the words of the store that found it there.
package struct UnusableContent: Hashable, Sendable {
  /// What it is: "a Redis list".
  package let found: String
  /// What is wrong with it and what to do, as the predicate of a sentence that begins with its place.
  package let problem: String

  package init(found: String, problem: String) { (self.found, self.problem) = (found, problem) }
}
