/// A document that is set aside. It holds a digest and not the document, since documents may be long and many.
struct Rejection: Equatable {
  /// The document's digest; nil: there were no bytes to read, or they must be read again.
  var document: DocumentDigest?
  var reason: Reason
  /// The number of the load that found it last.
  var foundBy: UInt16

  enum Reason: Equatable, CustomStringConvertible {
    /// The name is too long. A daemon never reads such a name from the store, so this case is for a command that gets
    /// one.
    case nameTooLong(bytes: Int)
    case unusable(UnusableContent)
    case tooLong(bytes: Int, most: Int)
    case problem(DocumentProblem)
    /// The document could be read before, and cannot be read any more.
    case unreadable

    var description: String {
      switch self {
      case .nameTooLong(let length): "its name \(Limit.nameLength.excess(length))"
      case .unusable(let content): content.problem
      case .tooLong(let length, let most): Scheduler.DocumentRead.excess(length, most: most)
      case .problem(let problem): problem.description
      case .unreadable: "cannot be read any more"
      }
    }
  }
}
