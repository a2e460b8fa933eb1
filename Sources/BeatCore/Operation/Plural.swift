/// Counts before their nouns.
package enum Plural {
  /// `1 schedule`, `2 schedules`.
  ///
  /// - Parameter many: the plural; nil: the singular with an s.
  package static func of(_ count: some BinaryInteger, _ one: String, _ many: String? = nil) -> String {
    "\(count) \(word(count, one, many))"
  }

  /// The word alone, such as a verb that must agree: `waits` or `wait`.
  package static func word(_ count: some BinaryInteger, _ one: String, _ many: String? = nil) -> String {
    count == 1 ? one : many ?? one + "s"
  }
}
