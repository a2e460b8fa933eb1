import BeatCore

/// Why a document was not changed. In every case, nothing was stored.
package enum ChangeProblem: Error, Hashable, Sendable {
  /// No schedule has this name.
  case missing(EntryName, place: EntryName, item: String, store: String)
  /// No daemon reads a document under so long a name.
  case longName(EntryName)
  /// What stands at the place is no document. `problem` is said of the place.
  case otherType(place: EntryName, problem: String)
  /// The stored document, or the new one, has this many bytes. No daemon would read it.
  case tooLong(EntryName, Int)
  /// The stored document is no JSON object.
  case unreadable(EntryName, DocumentProblem)
  /// The stored document is not UTF-8, so it cannot be changed as text.
  case notText(EntryName)
  /// The new document cannot be used.
  case unusable(EntryName, DocumentProblem)
  /// Another client made the document at the same time. The next three cases are conflicts of a change, too: with an
  /// edit of the same field, with a deletion, and with edits that did not cease for 10 s.
  case made(EntryName)
  case changed(EntryName, field: String)
  case deletedOrBroken(EntryName)
  case restless(EntryName)
  /// Another client changed the document that this one was about to delete. The next two cases are conflicts of a
  /// deletion, too: with a deletion or a replacement, and with runs that did not cease for 10 s.
  case changedAndKept(EntryName)
  case deletedOrReplaced(EntryName)
  case busy(EntryName)
}

extension ChangeProblem {
  /// A schedule that the store does not have.
  static func missing(_ name: EntryName, in store: any StoreInspector) -> ChangeProblem {
    .missing(name, place: EntryName(store.place(of: name)), item: store.terms.item, store: store.name)
  }
}

extension ChangeProblem: CustomStringConvertible {
  package var description: String {
    switch self {
    case .missing(let name, let place, let item, let store): "no schedule \(name): no \(item) \(place) in \(store)"
    case .longName(let name):
      "\"\("\(name)".beginning(60))\" is no name for a schedule: it \(Limit.nameLength.excess(name.bytes.count))"
    case .otherType(let place, let problem): "\(place) \(problem)"
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
