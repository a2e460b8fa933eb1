/// What a request is about: the path and the query of its target, in their decoded parts.
///
/// Only the origin form is read (RFC 9112, section 3.2.1): a path that begins with `/`. What a path may not hold is
/// refused and never mended, so no two readers of a target can take it for two things: there are no `.` and `..`, no
/// empty segment but the last, no byte 0, and no text that is not UTF-8.
package struct HTTPTarget: Hashable, Sendable {
  /// The decoded segments of the path: none for `/`.
  package let segments: [String]
  /// The decoded pairs of the query, in their order.
  package let query: [(name: String, value: String)]

  /// nil: the target cannot be used.
  package init?(_ target: String) {
    guard target.utf8.first == UInt8(ascii: "/"), target.utf8.allSatisfy(HTTPText.isVisible),
      !target.utf8.contains(UInt8(ascii: "#"))
    else { return nil }
    let parts = target.dropFirst().split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    var segments: [String] = []
    for part in parts[0].split(separator: "/", omittingEmptySubsequences: false) {
      guard let segment = Self.decoded(part, plusIsSpace: false), segment != ".", segment != ".." else { return nil }
      segments.append(segment)
    }
    // `/` has one empty segment, and a path that ends with `/` has an empty last one.
    if segments == [""] { segments = [] }
    guard !segments.dropLast().contains("") else { return nil }
    var query: [(String, String)] = []
    for pair in parts.count > 1 ? parts[1].split(separator: "&") : [] {
      let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = Self.decoded(halves[0], plusIsSpace: true),
        let value = Self.decoded(halves.count > 1 ? halves[1] : "", plusIsSpace: true)
      else { return nil }
      query.append((name, value))
    }
    self.segments = segments
    self.query = query
  }

  /// The only value of a name in the query; nil if there is none, or more than one.
  package func value(_ name: String) -> String? {
    let values = query.filter { $0.name == name }
    return values.count == 1 ? values[0].value : nil
  }

  private static func decoded(_ text: Substring, plusIsSpace: Bool) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "%"):
        guard let high = rest.popFirst().flatMap(HTTPText.hexadecimal),
          let low = rest.popFirst().flatMap(HTTPText.hexadecimal), high | low != 0
        else { return nil }
        bytes.append(high << 4 | low)
      case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
      default: bytes.append(byte)
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }

  package static func == (left: HTTPTarget, right: HTTPTarget) -> Bool {
    left.segments == right.segments && left.query.elementsEqual(right.query) { $0 == $1 }
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(segments) }
}
