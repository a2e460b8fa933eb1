/// A store for clients that edit: the shell commands, and applications. A call waits for the answer.
///
/// No change undoes another client's edit: each is carried out only while the stored document is the one that its
/// author has read. A method throws if the server refuses or does not answer. In the latter case the change may have
/// been carried out all the same, and the stored document shows whether it was.
package protocol StoreEditor: StoreInspector {
  /// Whether a schedule of this name is found again under it. Some names would lead to another place, or to none.
  func canHold(_ name: EntryName) -> Bool

  /// Stores a document if `seen` is still stored (nil: no document is); returns false if not.
  ///
  /// - Parameter watermark: written in the same step. If the stored watermark is not the one that was seen, nothing is
  ///   written and the result is false.
  func save(
    _ bytes: [UInt8], as name: EntryName, inPlaceOf seen: [UInt8]?, watermark: WatermarkChange?
  ) throws(StoreError) -> Bool

  /// Deletes a document if `seen` is still stored, and records the deletion in its watermark; returns false if not.
  func delete(_ name: EntryName, seen: [UInt8], watermark: Watermark?) throws(StoreError) -> Bool

  /// Renames a schedule and its watermark in one step, so that nothing is fired again or postponed.
  func rename(_ name: EntryName, to newName: EntryName) throws(StoreError) -> RenameOutcome

  /// What writing these documents would result in; at most `StorePage.most` of them.
  func outlook(
    _ documents: [(name: EntryName, document: [UInt8])], replacing: Bool
  ) throws(StoreError) -> [WriteOutcome]

  /// Writes at most `StorePage.most` documents, each of them whole or not at all. A stored document is overwritten only
  /// if `replacing`, and only while it is the one that was compared: an edit at the same moment stays.
  ///
  /// - Parameters:
  ///   - context: for reading the documents. Replacing one counts as an edit at this moment, as with `save`.
  ///   - done: gets each result with the document's index, also if an error follows.
  func write(
    _ documents: [(name: EntryName, document: [UInt8])], replacing: Bool, context: DocumentContext,
    done: (Int, WriteOutcome) -> Void
  ) throws(StoreError)

  /// Stores the application's manifest if `seen` is still stored (nil: none is); returns false if not.
  func publishApplication(_ bytes: [UInt8], inPlaceOf seen: [UInt8]?) throws(StoreError) -> Bool

  /// The stored bytes of at most `StorePage.most` documents, whatever their length; nil for a document that is gone.
  /// The name of a place that holds something else than a document is passed to `skipped`, with what it holds.
  func contents(_ names: [EntryName], skipped: (EntryName, UnusableContent) -> Void) throws(StoreError) -> [[UInt8]?]

  /// Asks the leading daemon for one run now, and waits for its answer. Whatever happens to this process, nothing is
  /// sent after the deadline, and nothing twice.
  ///
  /// - Parameters:
  ///   - microseconds: how long the daemon has to answer.
  ///   - isInterrupted: the user no longer wants the run. The request is withdrawn, or the answer is returned if a daemon
  ///     has taken it already.
  func fire(
    _ name: EntryName, within microseconds: Int64, isInterrupted: () -> Bool
  ) throws(StoreError) -> ManualAnswer

  /// Adds edits that were carried out to the record of edits (`EditLog`), the oldest first, and lets the oldest ones of
  /// all drop out. An edit can do without its record: a caller whose user may not write it says so, and the edit stands.
  func record(_ edits: [EditRecord]) throws(StoreError)

  /// Whether the connection has ended, so that no further call is answered.
  var isClosed: Bool { get }
  /// Ends the connection. After that, no call is answered.
  func close()
}

extension StoreEditor {
  package func fire(_ name: EntryName, within microseconds: Int64) throws(StoreError) -> ManualAnswer {
    try fire(name, within: microseconds) { false }
  }
}

/// How many documents one call writes or reads.
package enum StorePage {
  package static let most = 200
}

/// The change of a watermark that goes with an edit.
package struct WatermarkChange: Hashable, Sendable {
  /// The stored watermark that the author has seen; nil: there was none.
  package var seen: Watermark?
  package var new: Watermark

  package init(seen: Watermark?, new: Watermark) {
    self.seen = seen
    self.new = new
  }
}

/// The result of a rename.
package enum RenameOutcome: Hashable, Sendable {
  case renamed
  /// No schedule has the old name.
  case gone
  /// The place of the old name holds something else than a document.
  case unusable(UnusableContent)
  /// The new name is taken.
  case exists
}

/// The result of writing one document.
package enum WriteOutcome: Sendable, Hashable {
  /// No document had the name.
  case created
  /// It replaced another document.
  case replaced
  /// The same document was stored already, perhaps with newer `last_run_at` and `total_run_count`.
  case same
  /// Another document is stored and was not replaced.
  case differs
  /// The place of the name holds something else than a document, which was not replaced.
  case wrongType
  /// Another client has changed or deleted the document since it was read; that change stays.
  case changed
}

/// What became of a request for a run by hand.
package enum ManualAnswer: Hashable, Sendable {
  /// The message is on its queue or in the outbox. The text is the task's id.
  case fired(String)
  /// The daemon did not send the message, for this reason.
  case refused(String)
  /// No daemon took the request in time, and it was withdrawn.
  case unanswered
  /// A daemon took it after its deadline and sent nothing.
  case late
}
