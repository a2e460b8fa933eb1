/// Why the place at which schedules are looked for is probably not the one that was meant.
package struct PlaceDoubt: Hashable, Sendable {
  /// What was probably meant, as the store calls it; empty: nothing better is known.
  package let probable: EntryName
  /// One sentence, with what to do.
  package let words: String

  package init(probable: EntryName, words: String) { (self.probable, self.words) = (probable, words) }
}
