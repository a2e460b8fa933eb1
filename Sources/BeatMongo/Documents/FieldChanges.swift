import BeatCore

/// The top-level fields in which a new text of a document differs from the old one, as BSON. All other fields keep their
/// bytes and types.
package struct FieldChanges: Sendable {
  /// What is set, in the order of the new text.
  package let set: [(name: String, value: BSONValue)]
  /// What is taken out, in the order of the old text.
  package let unset: [String]
  private let stored: BSONDocument

  /// - Parameters:
  ///   - old: the `StoredText` of `stored`.
  ///   - new: any JSON object. An `_id` in it does not count: a document keeps its own.
  /// - Throws: the field that cannot be stored or changed so, and why.
  package init(from old: [UInt8], to new: [UInt8], stored: BSONDocument) throws(FieldChangesError) {
    self.stored = stored
    let (changed, gone) = try Self.difference(of: Self.members(old), in: old, and: Self.members(new), in: new)
    guard !changed.isEmpty || !gone.isEmpty else {
      (set, unset) = ([], [])
      return
    }
    var before = StoredMembers(stored.members)
    var writer = BSONWriter()
    let reader = TextReader(text: new)
    for member in changed {
      let name = try Self.updatable(member.name)
      do throws(FieldChangesError) {
        try reader.add(
          member.value, as: name, at: FieldPlace.top.member(member.name), stored: before.last(member.name), to: &writer)
      } catch { throw error.inside(member: name) }
    }
    var unset: [String] = []
    for name in gone { unset.append(try Self.updatable(name)) }
    set = zip(changed, writer.document.members).map { ($0.nameText, $1.value) }
    self.unset = unset
  }

  package var isEmpty: Bool { self.set.isEmpty && unset.isEmpty }

  package var fieldNames: [String] { self.set.map(\.name) + unset }

  /// What stands in the stored document under a name; nil: nothing.
  package func old(_ name: String) -> BSONValue? { stored[name] }

  /// `{$set: …, $unset: …}`, each only if there is something in it: a server refuses an empty one.
  package var update: BSONDocument {
    var writer = BSONWriter()
    if !self.set.isEmpty { writer.add("$set") { for (name, value) in self.set { $0.add(name, value) } } }
    if !unset.isEmpty { writer.add("$unset") { for name in unset { $0.add(name, "") } } }
    return writer.document
  }

  // MARK: difference

  private static func members(_ text: [UInt8]) throws(FieldChangesError) -> [JSONMember] {
    do throws(JSONError) { return try DocumentLayout(text).members } catch {
      throw FieldChangesError(DocumentProblem(error, in: text))
    }
  }

  /// The members of the new text that are new or changed, and the names that only the old one has.
  private static func difference(
    of old: [JSONMember], in oldText: [UInt8], and new: [JSONMember], in newText: [UInt8]
  ) throws(FieldChangesError) -> (changed: [TextMember], gone: [[UInt8]]) {
    // Nearly all members stand where they stood.
    var (oldRest, newRest): ([JSONMember], [JSONMember]) = ([], [])
    for index in 0..<max(old.count, new.count) {
      if index < old.count, index < new.count,
        oldText[range(old[index])].elementsEqual(newText[range(new[index])])
      {
        continue
      }
      if index < old.count { oldRest.append(old[index]) }
      if index < new.count { newRest.append(new[index]) }
    }
    var before: [[UInt8]: ArraySlice<UInt8>] = [:]
    for member in try TextMember.all(oldRest, in: oldText) { before[member.name] = oldText[member.value.range] }
    var changed: [TextMember] = []
    var names: Set<[UInt8]> = []
    for member in try TextMember.all(newRest, in: newText) where !member.name.elementsEqual("_id".utf8) {
      names.insert(member.name)
      if before[member.name]?.elementsEqual(newText[member.value.range]) != true { changed.append(member) }
    }
    var gone: [[UInt8]] = []
    for member in try TextMember.all(oldRest, in: oldText) where names.insert(member.name).inserted {
      gone.append(member.name)
    }
    try refuseRepeated(changed.map(\.name) + gone, old, oldText)
    try refuseRepeated(changed.map(\.name) + gone, new, newText)
    return (changed, gone)
  }

  private static func range(_ member: JSONMember) -> Range<Int> {
    member.keyRange.lowerBound..<member.value.range.upperBound
  }

  /// Which one of two fields of a name a server would change is not said anywhere.
  private static func refuseRepeated(
    _ names: [[UInt8]], _ members: [JSONMember], _ text: [UInt8]
  ) throws(FieldChangesError) {
    var counts: [[UInt8]: Int] = [:]
    for name in names { counts[name] = 0 }
    let lengths = Set(names.map(\.count))
    for member in members {
      guard let name = JSONScanner.utf8(ofKey: member, in: text), lengths.contains(name.count),
        let count = counts[Array(name)]
      else { continue }
      guard count == 0 else {
        throw FieldChangesError(
          FieldPath().inside(member: name).description, "stands twice in the document; take one of them out by hand")
      }
      counts[Array(name)] = 1
    }
  }

  /// A name that stands for a field in an update of MongoDB, and for nothing else.
  private static func updatable(_ name: [UInt8]) throws(FieldChangesError) -> String {
    let problem: String
    if name.isEmpty {
      problem = "has no name, and MongoDB changes no such field"
    } else if name.first == UInt8(ascii: "$") {
      problem = "begins with $, and MongoDB changes no such field"
    } else if name.contains(UInt8(ascii: ".")) {
      problem = "has a dot in its name, which MongoDB would take for a field within a field"
    } else {
      return String(decoding: name, as: UTF8.self)
    }
    throw FieldChangesError(name.isEmpty ? "\"\"" : FieldPath().inside(member: name).description, problem)
  }
}

extension FieldChangesError {
  init(_ problem: DocumentProblem) { self.init(problem.field, problem.message) }
}
