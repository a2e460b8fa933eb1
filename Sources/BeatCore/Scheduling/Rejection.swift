/// A document that is set aside. Not the document itself, which may be long, and of which there may be many.
struct Rejection: Equatable {
  /// nil: there were no bytes to read, or they are to be read again.
  var document: DocumentDigest?
  var reason: Reason
  /// The load that found it last.
  var foundBy: UInt16

  enum Reason: Equatable, CustomStringConvertible {
    /// No daemon reads such a name from the store; a command that is given one says why nothing comes of it.
    case nameTooLong(bytes: Int)
    case unusable(UnusableContent)
    case tooLong(bytes: Int, most: Int)
    case problem(DocumentProblem)
    /// It was read, and cannot be any more.
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
