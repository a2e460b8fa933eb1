import BeatCore
import ReactiveBeat

/// A text that a user has made from a stored document, and that takes the document's place. Runs of that time are no
/// conflict, and an edit of another client is one.
enum EditedDocument {
  /// Why nothing was stored.
  enum Conflict: Error {
    case deleted
    /// Another client has changed it; these bytes are stored now.
    case changed([UInt8])
    /// It runs all the time.
    case restless
  }

  /// Stores a text in the place of a document, while the document is the one that the user has seen.
  ///
  /// - Parameters:
  ///   - document: the document as it was read last.
  ///   - carried: makes the text for the bytes that are stored now; nil: another client has changed them.
  ///
  /// Throws: `Conflict`, `ChangeProblem`, `StoreError`.
  static func save(
    over document: StoredDocument, in client: any StoreEditor, context: DocumentContext,
    carried: (_ now: [UInt8]) -> [UInt8]?
  ) throws -> ScheduleChange {
    var seen = document
    var patience = Patience()
    while patience.lasts {
      guard let stored = seen.bytes else { throw Conflict.deleted }
      guard let edited = carried(stored) else { throw Conflict.changed(stored) }
      try ScheduleChange.refuseLong(edited, of: document.name)
      let change = ScheduleChange(name: document.name, before: seen, after: edited, at: try client.time())
      if try client.save(edited, as: document.name, inPlaceOf: stored, watermark: change.watermark(context)) {
        return change
      }
      seen = try client.document(document.name)
    }
    throw Conflict.restless
  }
}
