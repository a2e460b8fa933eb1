/// Where a value stands in a JSON text, and what it is. The text itself is never decoded as a whole:
/// what the user wrote reaches the worker as the bytes that were written.
package struct JSONSlice: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    case null, bool, number, string, array, object
    /// A constructor of the mongo shell, such as `ISODate("2014-08-30T08:10:06Z")`.
    case shellCall
  }
  package var kind: Kind
  package var range: Range<Int>
  /// The value is, or holds, a mongo shell constructor: readable here, but not JSON for a worker.
  package var holdsShellCall: Bool

  /// Bytes of what stands there: of text without its quotes.
  package var length: Int { kind == .string ? range.count - 2 : range.count }
}

/// One `"key": value` of an object; the key is decoded, since `"\u006eame"` is `name` too.
package struct JSONMember {
  package var key: String
  package var keyRange: Range<Int>
  package var value: JSONSlice
}

package struct JSONError: Error, Hashable {
  package var offset: Int
  package var message: String
}
