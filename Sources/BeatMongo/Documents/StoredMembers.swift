/// Finds members of a stored document by their names; of two of one name, the last one, which counts.
///
/// The first few are looked for one by one, as a fire needs no more. A document may have many, and an edit may change each.
struct StoredMembers {
  private static let fewLookups = 4

  private let members: BSONMembers?
  private var lookups = 0
  private var values: [[UInt8]: BSONValue] = [:]

  /// - Parameter members: nil: there is no document.
  init(_ members: BSONMembers?) { self.members = members }

  mutating func last(_ name: [UInt8]) -> BSONValue? {
    guard let members else { return nil }
    lookups += 1
    if lookups <= Self.fewLookups {
      return members.reduce(nil) { found, member in member.nameBytes.elementsEqual(name) ? member.value : found }
    }
    if lookups == Self.fewLookups + 1 { for member in members { values[Array(member.nameBytes)] = member.value } }
    return values[name]
  }
}
