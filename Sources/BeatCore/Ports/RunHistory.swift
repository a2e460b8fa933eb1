/// The runs that were fired, as far back as the store's history goes. A fire adds its own run (`ScheduleStore.commit`),
/// and the oldest runs drop out. So the history is for people and programs that read it, and no decision depends on it.
///
/// A method throws if the server refuses or does not answer. Entries that are no runs are left out.
package protocol RunHistory: AnyObject {
  /// Walks from the newest run to the oldest, until `take` returns false.
  ///
  /// - Parameters:
  ///   - start: runs that were fired before this time are left out; nil: the walk goes on to the oldest.
  ///   - place: runs after this place are left out; nil: the walk begins with the newest.
  func walkHistory(
    since start: UnixTime?, upTo place: HistoryPlace?, _ take: (FireRecord) -> Bool
  ) throws(StoreError)
  /// When the newest run was fired; nil: the history is empty, or this user may not see it.
  func newestRun() throws(StoreError) -> UnixTime?
  /// When the oldest run in the history was fired; nil: the history is empty.
  func oldestRun() throws(StoreError) -> UnixTime?

  /// The place of the newest run. In an empty history, a place before every run.
  func historyEnd() throws(StoreError) -> HistoryPlace
  /// The runs after a place, the oldest first. It waits a few seconds for the first of them, and moves `place` to the
  /// last.
  func runs(after place: inout HistoryPlace) throws(StoreError) -> [FireRecord]
}

extension RunHistory {
  /// Walks from the newest run to the oldest, until `take` returns false.
  package func walkHistory(since start: UnixTime?, _ take: (FireRecord) -> Bool) throws(StoreError) {
    try walkHistory(since: start, upTo: nil, take)
  }
}

/// A place in the history. Only the store that made it knows what its text means.
package struct HistoryPlace: Hashable, Sendable {
  package let text: String
  package init(_ text: String) { self.text = text }
}
