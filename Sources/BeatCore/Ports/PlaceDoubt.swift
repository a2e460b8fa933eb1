/// Why the place where the daemon looks for schedules is probably not the one that the operator meant.
package struct PlaceDoubt: Hashable, Sendable {
  /// The place that was probably meant, as the store calls it; empty: no better place is known.
  package let probable: EntryName
  /// One sentence that says what is wrong, and what to do.
  package let words: String

  package init(probable: EntryName, words: String) { (self.probable, self.words) = (probable, words) }
}
