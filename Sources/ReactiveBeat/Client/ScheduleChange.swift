import BeatCore
import BeatLoop
import BeatRedis

/// A change of one document. It is stored only if the document's bytes are still those that were read. Otherwise it is
/// made again on the new bytes, so no other writer loses anything: the daemon's bookkeeping and other clients' edits of
/// other fields stay. If another client has changed the same fields, its edit wins.
package struct ScheduleChange {
  package let name: EntryName
  /// The document before the change; absent if the change made it.
  package let before: StoredDocument
  package let after: [UInt8]
  /// The time of the edit, by Redis' clock.
  package let at: UnixTime
  /// Whether the new bytes are the old ones, so that nothing was stored.
  package var isNone: Bool { before.bytes == after }
  package var isNew: Bool { before.isAbsent }

  package init(name: EntryName, before: StoredDocument, after: [UInt8], at: UnixTime) {
    self.name = name
    self.before = before
    self.after = after
    self.at = at
  }

  /// Changes some fields of a document, or makes a document.
  ///
  /// - Parameters:
  ///   - fields: the top-level fields that `edit` may touch.
  ///   - mayMake: whether a missing document is made.
  ///   - mustBeUsable: whether the result must be a document that the daemon can use. If false, it must be usable only
  ///     if the document was usable before.
  ///   - isDry: whether nothing is stored.
  package static func make(
    _ name: EntryName, in client: any StoreEditor, context: DocumentContext, fields: Set<String>, mayMake: Bool = false,
    mustBeUsable: Bool = true, isDry: Bool = false, _ edit: (inout DocumentEditor) throws -> Void
  ) throws -> ScheduleChange {
    try make(
      name, in: client, context: context, fields: fields, mayMake: mayMake, mustBeUsable: mustBeUsable, isDry: isDry
    ) { before in
      var editor = try editor(before, name)
      try edit(&editor)
      return editor.bytes
    }
  }

  /// Replaces a whole document, or makes one. The fields that the daemon writes are kept where the new document does
  /// not contain them.
  package static func replace(
    _ name: EntryName, by document: [UInt8], in client: any StoreEditor, context: DocumentContext, isDry: Bool = false
  ) throws -> ScheduleChange {
    try make(name, in: client, context: context, fields: nil, mayMake: true, mustBeUsable: true, isDry: isDry) {
      before in
      before.map { Bookkeeping.kept(from: $0, in: document) } ?? document
    }
  }

  /// Changes a document as a whole: `edit` makes the new bytes from the stored ones.
  package static func edit(
    _ name: EntryName, in client: any StoreEditor, context: DocumentContext, _ edit: ([UInt8]) throws -> [UInt8]
  ) throws -> ScheduleChange {
    try make(
      name, in: client, context: context, fields: nil, mayMake: false, mustBeUsable: false, isDry: false
    ) { before in try edit(before ?? []) }
  }

  /// - Parameters:
  ///   - fields: the top-level fields that `edit` may touch; nil: all.
  ///   - edit: makes the new bytes from the stored ones; its argument is nil if there is no document.
  private static func make(
    _ name: EntryName, in client: any StoreEditor, context: DocumentContext, fields: Set<String>?, mayMake: Bool,
    mustBeUsable: Bool, isDry: Bool, _ edit: ([UInt8]?) throws -> [UInt8]
  ) throws -> ScheduleChange {
    try refuseUnread(name)
    var seen = try client.document(name)
    var patience = Patience()
    while patience.lasts {
      let before = try bytes(of: seen, in: client, mayMake: mayMake)
      let after = try edit(before)
      try refuseLong(after, of: name)
      do throws(DocumentProblem) { _ = try ScheduleDocument(after, context: context) } catch {
        let wasUsable = before.map { (try? ScheduleDocument($0, context: context)) != nil } ?? true
        if mustBeUsable || wasUsable { throw ChangeProblem.unusable(name, error) }
      }
      let change = ScheduleChange(name: name, before: seen, after: after, at: try client.time())
      if isDry || change.isNone { return change }
      if try client.save(after, as: name, inPlaceOf: before, watermark: change.watermark(context)) { return change }
      let now = try client.document(name)
      try refuseConflict(name, fields, before, now)
      seen = now
    }
    throw ChangeProblem.restless(name)
  }

  /// The bytes of a document that can be changed; nil if there is no document and `mayMake` allows to make one.
  package static func bytes(of document: StoredDocument, in client: any StoreEditor, mayMake: Bool = false) throws
    -> [UInt8]?
  {
    switch document.read.content {
    case .document(let bytes): return bytes
    case .absent where mayMake: return nil
    case .absent:
      throw ChangeProblem.missing(document.name, in: client)
    case .unusable(let content):
      throw ChangeProblem.otherType(
        place: EntryName(client.place(of: document.name)), problem: client.terms.obstacle(content))
    case .tooLong(let length): throw ChangeProblem.tooLong(document.name, length)
    }
  }

  /// Refuses a name that is too long for a daemon to read its document.
  package static func refuseUnread(_ name: EntryName) throws(ChangeProblem) {
    if Limit.nameLength.isExceeded(by: name.bytes.count) { throw .longName(name) }
  }

  /// Refuses a document that is too long for a daemon to read.
  package static func refuseLong(_ document: [UInt8], of name: EntryName) throws(ChangeProblem) {
    if Limit.documentLength.isExceeded(by: document.count) { throw .tooLong(name, document.count) }
  }

  private static func editor(_ bytes: [UInt8]?, _ name: EntryName) throws -> DocumentEditor {
    guard let bytes else { return DocumentEditor() }
    do throws(DocumentProblem) { return try DocumentEditor(bytes) } catch {
      throw ChangeProblem.unreadable(name, error)
    }
  }

  private static func refuseConflict(
    _ name: EntryName, _ fields: Set<String>?, _ before: [UInt8]?, _ now: StoredDocument
  ) throws(ChangeProblem) {
    guard let before else { throw .made(name) }
    guard let after = now.bytes, let old = try? DocumentEditor(before), let new = try? DocumentEditor(after) else {
      throw .deletedOrBroken(name)
    }
    if Bookkeeping.isAllThatChanged(from: before, to: after) { return }
    let (oldValues, newValues) = (old.values, new.values)
    for field in fields?.sorted() ?? old.keys + new.keys where oldValues[field] != newValues[field] {
      throw .changed(name, field: field)
    }
  }

  /// What a daemon that detects the edit at this moment makes of the schedule.
  package func preview(_ context: DocumentContext) -> SchedulePreview {
    SchedulePreview(name, before: before.read, edited: after, context: context, now: at)
  }

  /// The watermark to store with the document, so that a daemon that reads it later goes on from here; nil: it stays.
  package func watermark(_ context: DocumentContext) -> WatermarkChange? {
    preview(context).kept.map { WatermarkChange(seen: before.watermark, new: $0) }
  }
}

/// How long a change is tried again while others keep changing the document.
package struct Patience {
  private let start = MonotonicTime.now()
  private var isFirst = true

  package init() {}

  /// Whether to try once more: always the first time, then until 10 s have passed.
  package var lasts: Bool {
    mutating get {
      defer { isFirst = false }
      return isFirst || MonotonicTime.now().microseconds(since: start) < 10_000_000
    }
  }
}
