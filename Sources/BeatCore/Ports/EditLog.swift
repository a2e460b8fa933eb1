/// The edits that clients have recorded, as far back as the store keeps them (`Limit.editRecords`). They are for people
/// and programs that read them, and no decision depends on them.
package protocol EditLog: AnyObject {
  /// Walks from the newest edit to the oldest, until `take` returns false. Entries that no client of ours has written
  /// are left out.
  ///
  /// - Parameter start: edits before this time are left out; nil: the walk goes on to the oldest.
  func walkEdits(since start: UnixTime?, _ take: (EditRecord) -> Bool) throws(StoreError)
}
