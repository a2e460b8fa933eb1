/// The contents of a document's place that cannot be read as a document, in the words of the store that found them.
package struct UnusableContent: Hashable, Sendable {
  /// What the place holds, such as "a Redis list".
  package let found: String
  /// What is wrong and what to do, as the predicate of a sentence that begins with the place.
  package let problem: String

  package init(found: String, problem: String) { (self.found, self.problem) = (found, problem) }
}
