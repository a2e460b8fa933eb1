/// Bytes that are no BSON.
package struct BSONError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Where, counted from the first byte of the whole document.
  package let offset: Int
  /// What is wrong there.
  package let message: String

  package var description: String { "no readable BSON, byte \(offset): \(message)" }
}
