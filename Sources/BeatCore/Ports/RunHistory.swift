/// What has been fired, as far back as the store remembers. A fire adds to it itself (`ScheduleStore.commit`), and the
/// oldest runs drop out; so it is for people and programs that look, and nothing is decided by it.
///
/// A method throws what the server refuses, and what keeps it from answering. What is no run is passed over.
package protocol RunHistory: AnyObject {
  /// Walks from the newest run to the oldest, until `take` says false.
  ///
  /// - Parameters:
  ///   - start: runs that were fired before it are left out; nil: all are walked.
  ///   - place: runs after it are left out; nil: the walk begins with the newest.
  func walkHistory(
    since start: UnixTime?, upTo place: HistoryPlace?, _ take: (FireRecord) -> Bool
  ) throws(StoreError)
  /// When the newest run was fired; nil: there is none, or this user may not see it.
  func newestRun() throws(StoreError) -> UnixTime?
  /// When the oldest run that is still remembered was fired; nil: there is none.
  func oldestRun() throws(StoreError) -> UnixTime?

  /// The place of the newest run, or one before all.
  func historyEnd() throws(StoreError) -> HistoryPlace
  /// The runs after a place, the oldest first; waits a few seconds for the first of them. Moves `place` on.
  func runs(after place: inout HistoryPlace) throws(StoreError) -> [FireRecord]
}

extension RunHistory {
  /// Walks from the newest run to the oldest, until `take` says false.
  package func walkHistory(since start: UnixTime?, _ take: (FireRecord) -> Bool) throws(StoreError) {
    try walkHistory(since: start, upTo: nil, take)
  }
}

/// A place in the history. What its text means is known to the store that gave it.
package struct HistoryPlace: Hashable, Sendable {
  package let text: String
  package init(_ text: String) { self.text = text }
}
