/// The header fields of a request, in the order in which they came. Names are in lower case.
package struct HTTPFields: Hashable, Sendable {
  package private(set) var all: [(name: String, value: String)] = []

  package init() {}

  mutating func append(_ name: String, _ value: String) { all.append((name, value)) }

  /// The values of a field, one for each line.
  ///
  /// - Parameter name: in lower case.
  package func values(_ name: String) -> [String] { all.filter { $0.name == name }.map(\.value) }

  /// The only value of a field; nil if there is none, or more than one. A field that decides something, such as who a
  /// user is, must not be given twice.
  package subscript(name: String) -> String? {
    let values = values(name)
    return values.count == 1 ? values[0] : nil
  }

  /// The members of a field that is a list, in lower case, as `Connection` (RFC 9110, section 5.6.1).
  func list(_ name: String) -> [String] {
    values(name).flatMap { $0.split(separator: ",") }.map { HTTPText.trimmed($0).lowercased() }.filter { !$0.isEmpty }
  }

  package static func == (left: HTTPFields, right: HTTPFields) -> Bool {
    left.all.elementsEqual(right.all) { $0 == $1 }
  }

  package func hash(into hasher: inout Hasher) {
    for (name, value) in all {
      hasher.combine(name)
      hasher.combine(value)
    }
  }
}
