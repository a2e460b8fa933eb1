/// Watches a store for the command `watch`: edits, runs and changes of the lease, as they happen. It does not poll.
///
/// It belongs to the thread of a loop, and stops that loop's `run` whenever there is news.
package protocol StoreWatch: AnyObject {
  /// Returns what has happened since the last call; empty: nothing has.
  func take() -> StoreNews
  /// Ends the watch.
  func close()
}

/// What has happened since the last call of `StoreWatch.take`.
package struct StoreNews {
  /// The documents with events of any kind.
  package var touched: Set<EntryName> = []
  /// The documents that something other than a fire has written, as far as the event shows.
  package var edited: Set<EntryName> = []
  package var runs: [FireRecord] = []
  /// The lease was given back or has expired.
  package var isLeaseChanged = false
  /// Why a connection is lost; nil: none is.
  package var loss: String?

  package init() {}

  package var isEmpty: Bool { touched.isEmpty && edited.isEmpty && runs.isEmpty && !isLeaseChanged && loss == nil }
}
