import BeatCore

/// Why a document was not changed. Whatever it is, nothing was stored.
package enum ChangeProblem: Error, Hashable, Sendable {
  /// There is none of that name.
  case missing(EntryName, key: EntryName, store: String)
  /// No daemon reads what stands under so long a name.
  case longName(EntryName)
  /// The key holds another Redis type.
  case otherType(key: EntryName, UnusableContent)
  /// The document, or what was to be stored, has so many bytes, and would not be read.
  case tooLong(EntryName, Int)
  /// What stands there is no JSON object.
  case unreadable(EntryName, DocumentProblem)
  /// What stands there is not UTF-8, and is to be changed as text.
  case notText(EntryName)
  /// What was to be stored is no document that can be used.
  case unusable(EntryName, DocumentProblem)
  /// Others did something at the same time.
  case made(EntryName)
  case changed(EntryName, field: String)
  case deletedOrBroken(EntryName)
  case restless(EntryName)
  /// The same of one that was to be deleted.
  case changedAndKept(EntryName)
  case deletedOrReplaced(EntryName)
  case busy(EntryName)
}

extension ChangeProblem: CustomStringConvertible {
  package var description: String {
    switch self {
    case .missing(let name, let key, let store): "no schedule \(name): no key \(key) in \(store)"
    case .longName(let name):
      "\"\("\(name)".beginning(60))\" is no name for a schedule: it \(Limit.nameLength.excess(name.bytes.count))"
    case .otherType(let key, let content):
      "\(key) holds \(content.found), and a schedule is a string: delete that key, or choose another name"
    case .tooLong(let name, let length):
      "\(name) \(Scheduler.DocumentRead.excess(length, most: Limit.documentLength.most))"
    case .unreadable(let name, let problem): "\(name): \(problem)"
    case .notText(let name):
      "\(name): the document is not UTF-8, so that a change of its text would change other bytes, too; nothing was "
        + "changed: store a whole document in its place"
    case .unusable(let name, let problem): "\(name): \(problem); nothing was changed"
    case .made(let name): "\(name): somebody else has made it in this moment; look at it"
    case .changed(let name, let field):
      "\(name): somebody else has changed \(field) meanwhile; nothing was changed: look at it, and try again"
    case .deletedOrBroken(let name):
      "\(name): somebody else has deleted or broken it meanwhile; nothing was changed"
    case .restless(let name):
      "\(name) is changed all the time by others: nothing was changed in 10 s; try again"
    case .changedAndKept(let name): "\(name): somebody else has changed it meanwhile; it was not deleted"
    case .deletedOrReplaced(let name): "\(name): somebody else has deleted or replaced it meanwhile"
    case .busy(let name): "\(name) runs all the time: it was not deleted; disable it first"
    }
  }
}

extension BeatError {
  init(_ problem: ChangeProblem) {
    let kind: Kind =
      switch problem {
      case .missing: .notFound
      case .longName, .otherType, .tooLong, .unreadable, .notText, .unusable: .invalidDocument
      case .made, .changed, .deletedOrBroken, .restless, .changedAndKept, .deletedOrReplaced, .busy: .conflict
      }
    self.init(kind, problem.description)
  }
}
