/// A schedule as it is written in a document: the field of its kind, and the members of its object.
package struct WrittenSchedule: Hashable, Sendable {
  package struct Member: Hashable, Sendable {
    package let key: String
    /// One JSON value, as it is to stand there.
    package let json: String
  }

  package let kind: ScheduleKind
  package let members: [Member]

  init(_ kind: ScheduleKind, _ members: [(key: String, json: String)]) {
    self.kind = kind
    self.members = members.map { Member(key: $0.key, json: $0.json) }
  }

  /// The members of an object that are not left out, byte for byte.
  init(_ kind: ScheduleKind, _ object: DocumentLayout, leavingOut left: Set<String>) {
    self.init(
      kind,
      object.members.filter { !left.contains($0.key) }.map {
        ($0.key, String(decoding: object.bytes[$0.value.range], as: UTF8.self))
      })
  }

  /// These members of an object, byte for byte, where they are there and not null.
  init(_ kind: ScheduleKind, _ object: DocumentLayout, taking keys: [String]) {
    self.init(
      kind,
      keys.compactMap { key in
        object[key].map { (key, String(decoding: object.bytes[$0.range], as: UTF8.self)) }
      })
  }

  /// The object.
  package var json: String {
    var text = DocumentText()
    for member in members { text.add(member.key, json: member.json) }
    return String(decoding: text.document, as: UTF8.self)
  }

  /// Writes it where the document's schedule stands; what its object says besides stays if the kind is the same. A
  /// document with several schedules has this one afterwards.
  package func write(to document: inout DocumentEditor) {
    let present = ScheduleField.all.filter { document.has($0.name) }
    if let field = present.first, present.count == 1, kind.form.isHeld(by: field, of: document) {
      return kind.form.write(members, into: field, of: &document)
    }
    for name in ScheduleField.names where name != present.first?.name { document.remove(name) }
    if let first = present.first {
      document.replace(first.name, by: kind.rawValue, json)
    } else {
      document.set(kind.rawValue, to: json)
    }
  }
}

extension DocumentText {
  mutating func add(_ schedule: WrittenSchedule) { add(schedule.kind.rawValue, json: schedule.json) }
}
