/// Changes single fields of a document's text. Every byte that no change names stays as it is, white space included.
package struct DocumentEditor {
  /// The text with all changes so far.
  package private(set) var bytes: [UInt8]

  /// Throws if the text is no JSON object.
  package init(_ bytes: [UInt8]) throws(DocumentProblem) {
    self.bytes = bytes
    do { _ = try DocumentLayout(bytes) } catch { throw DocumentProblem(error, in: bytes) }
  }

  /// A document without a field.
  package init() { bytes = Array("{}".utf8) }

  /// The names of the fields, each once, in their order.
  package var keys: [String] {
    var seen: Set<String> = []
    return (parent(of: [""])?.members ?? []).compactMap { seen.insert($0.key).inserted ? $0.key : nil }
  }

  /// The JSON of each field's value; of those of one name, the last one's.
  package var values: [String: ArraySlice<UInt8>] {
    let members = parent(of: [""])?.members ?? []
    return Dictionary(members.map { ($0.key, bytes[$0.value.range]) }) { $1 }
  }

  /// The JSON of a field's value, the last one of its name; nil if absent. `path` leads through objects.
  package func value(_ path: String...) -> [UInt8]? { slice(path).map { Array(bytes[$0.range]) } }

  /// Whether a field is there and not null.
  package func has(_ path: String...) -> Bool { slice(path).map { $0.kind != .null } ?? false }

  /// Whether a field is an object.
  package func isObject(_ key: String) -> Bool { slice([key])?.kind == .object }

  /// The text of a field that is a string.
  package func text(_ path: String...) -> String? {
    slice(path).flatMap { JSONScanner.text(of: $0, in: bytes) }
  }

  /// Gives a field this value: in the old one's place, or behind the last field, in its style.
  ///
  /// - Parameter json: one JSON value, valid.
  package mutating func set(_ path: String..., to json: String) {
    var splice = Splice()
    if let old = slice(path) {
      splice.replace(old.range, with: json)
    } else if let key = path.last, let parent = parent(of: path) {
      insert(key, json, into: parent, &splice)
    }
    bytes = splice.applied(to: bytes)
  }

  /// Puts another field in a field's place.
  package mutating func replace(_ key: String, by newKey: String, _ json: String) {
    guard let member = parent(of: [key])?.members.last(where: { $0.key == key }) else { return set(newKey, to: json) }
    var splice = Splice()
    splice.replace(member.keyRange, with: "\"\(newKey)\"")
    splice.replace(member.value.range, with: json)
    bytes = splice.applied(to: bytes)
  }

  /// Takes a field out, each one of its name: without the last one, the one before would count.
  package mutating func remove(_ path: String...) {
    guard let key = path.last, let members = parent(of: path)?.members, let first = members.first,
      let last = members.last, members.contains(where: { $0.key == key })
    else { return }
    var splice = Splice()
    if let kept = members.firstIndex(where: { $0.key != key }) {
      if kept > 0 { splice.replace(first.keyRange.lowerBound..<members[kept].keyRange.lowerBound, with: "") }
      // Each with the comma before it.
      for index in members.indices.dropFirst(kept + 1) where members[index].key == key {
        splice.replace(members[index - 1].value.range.upperBound..<members[index].value.range.upperBound, with: "")
      }
    } else {
      splice.replace(first.keyRange.lowerBound..<last.value.range.upperBound, with: "")
    }
    bytes = splice.applied(to: bytes)
  }

  // MARK: places

  private struct Object {
    var members: [JSONMember]
    var range: Range<Int>
  }

  private func parent(of path: [String]) -> Object? {
    guard let document = try? JSONScanner.document(bytes) else { return nil }
    var object = Object(members: document.members, range: document.range)
    for key in path.dropLast() {
      guard let value = object.members.last(where: { $0.key == key })?.value, value.kind == .object else { return nil }
      object = Object(members: JSONScanner.members(of: value, in: bytes), range: value.range)
    }
    return object
  }

  private func slice(_ path: [String]) -> JSONSlice? {
    parent(of: path)?.members.last { $0.key == path.last }?.value
  }

  private func insert(_ key: String, _ json: String, into object: Object, _ splice: inout Splice) {
    let name = JSONText.string(key)
    guard let last = object.members.last else {
      let place = object.range.lowerBound + 1
      return splice.replace(place..<place, with: "\(name): \(json)")
    }
    // In the manner of the field before: its white space before the key, and around the colon.
    let between = bytes[last.keyRange.upperBound..<last.value.range.lowerBound]
    let colon = between.count <= DocumentLayout.mostSpace ? between : ArraySlice(": ".utf8)
    var space = DocumentLayout.space(in: bytes[object.range.lowerBound..<last.keyRange.lowerBound])
    if object.members.count == 1, space.isEmpty, colon.count > 1 { space = [0x20] }
    let text = ",\(String(decoding: space, as: UTF8.self))\(name)\(String(decoding: colon, as: UTF8.self))\(json)"
    splice.replace(last.value.range.upperBound..<last.value.range.upperBound, with: text)
  }
}
