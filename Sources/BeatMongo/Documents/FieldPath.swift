import BeatCore

/// The way to a value within a document, for people: `kwargs.when[2]`.
struct FieldPath: Hashable, Sendable, CustomStringConvertible {
  let description: String

  /// - Parameter description: empty: the value itself.
  init(_ description: String = "") { self.description = description }

  /// A longer one is cut.
  private static let longest = 200

  /// The path of the same value, seen from the object whose member of this name holds it.
  func inside(member name: some Collection<UInt8>) -> FieldPath { inside(DocumentProblem.excerpt(name)) }

  /// The path of the same value, seen from the array whose item of this number holds it.
  func inside(item index: Int) -> FieldPath { inside("[\(index)]") }

  private func inside(_ step: String) -> FieldPath {
    let isDirect = description.isEmpty || description.hasPrefix("[")
    return FieldPath((step + (isDirect ? "" : ".") + description).beginning(Self.longest))
  }
}
