/// The documents that are not read because their names are too long.
package struct IgnoredNames: Hashable, Sendable {
  package private(set) var count = 0
  /// The length of the longest name; bytes.
  package private(set) var longest = 0
  /// The first bytes of that name, at most `headLength`.
  package private(set) var head: [UInt8] = []

  package static let headLength = 60

  package init() {}

  /// - Parameters:
  ///   - length: the length of the longest of the added names; bytes.
  ///   - head: the first bytes of that name.
  package mutating func add(_ more: Int = 1, longest length: Int, head new: [UInt8]) {
    count += more
    if length > longest { (longest, head) = (length, new) }
  }

  package mutating func add(_ other: IgnoredNames) { add(other.count, longest: other.longest, head: other.head) }

  /// One sentence for people; nil: no name is too long.
  package func words(_ terms: any StoreTerms) -> String? {
    guard count > 0 else { return nil }
    return
      "\(terms.unread(count)): a schedule's name \(Limit.nameLength.excess(longest)); "
      + "that one begins with \"\(EntryName(head))\""
  }
}
