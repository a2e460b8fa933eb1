/// The schedules' documents and their marks.
package protocol ScheduleStore: AnyObject {
  /// One step of a walk through the names of all documents: some hundred of them, a thousand at most. A name that is there
  /// from the first step to the last is found at least once; one may be found twice. A walk goes on in the session in
  /// which it began.
  ///
  /// - Parameter position: nil: a new walk begins.
  func names(from position: ScanPosition?, then: @escaping Completion<NamePage>)

  /// Documents with their marks, each as both stood in one moment, in the order of the names: of so many of them, from the
  /// first on, as an answer has room for (`Limit.pageLength`), and of one at least.
  func read(_ names: [EntryName], then: @escaping Completion<[Scheduler.DocumentRead]>)

  /// Fires: of each plan, whole or not at all, the document is replaced, the mark is set, and the message is on its way.
  /// A plan is carried out once, however often it is committed: `alreadyMine` is the answer to a repeat, also when the
  /// document was written back as it stood before. Of plans of one schedule on the same document, the first is carried out
  /// and the others are `changed`. What another daemon's lease forbids is `fenced`, and so is what comes after our own has
  /// run out by the store's clock; which lease is ours is asked when the plans are sent. Messages for one queue keep the
  /// order of the plans, and of the calls.
  ///
  /// - Parameter outcome: called for each plan once. After `unknown` the session ends.
  func commit(_ plans: [FirePlan], outcome: @escaping (FirePlan, FireOutcome) -> Void)

  /// Sets marks where there are none; of several for one name, the first.
  ///
  /// - Parameters:
  ///   - marks: one at least.
  ///   - then: gets the names of those that were not put, since another mark stands there.
  func putAbsent(_ marks: [(name: EntryName, mark: Mark)], then: @escaping Completion<[EntryName]>)

  /// Replaces a mark, even by an older one, if the lease is ours.
  ///
  /// - Parameter then: gets `false` where another one stands than was expected, or none, or the lease is another daemon's.
  func replace(_ name: EntryName, expecting: MarkExpectation, with mark: Mark, then: @escaping Completion<Bool>)

  /// One step through all marks, which forgets those of documents that are gone.
  func sweepMarks(from position: ScanPosition?, _ ages: MarkAges, then: @escaping Completion<MarkSweepPage>)
}

/// What one step of a walk through names has found.
package struct NamePage {
  /// nil: this was the last step.
  package var next: ScanPosition?
  package var names: [EntryName]
  package var ignored: IgnoredNames

  package init(next: ScanPosition?, names: [EntryName], ignored: IgnoredNames = IgnoredNames()) {
    self.next = next
    self.names = names
    self.ignored = ignored
  }
}

/// What must stand where a mark is replaced.
package enum MarkExpectation: Hashable, Sendable {
  /// A mark that holds this time.
  case due(UnixTime)
  /// These bytes, which are no mark: of more than may be, as many as are read.
  case bytes([UInt8])
}

/// Which marks of documents that are gone are kept.
package struct MarkAges: Hashable, Sendable {
  /// Marks of runs are kept if they are due at this time or later.
  package var fired: UnixTime
  /// Marks of schedules that were seen and have not run are kept if they are due at this time or later.
  package var seen: UnixTime
  /// A mark that lies further ahead is no time of a run, and counts as the oldest.
  package var latest: UnixTime

  package init(fired: UnixTime, seen: UnixTime, latest: UnixTime) {
    self.fired = fired
    self.seen = seen
    self.latest = latest
  }
}

/// What one step of a sweep has done.
package struct MarkSweepPage {
  /// nil: this was the last step.
  package var next: ScanPosition?
  package var forgotten: Int
  /// Minutes since 1970 of the marks that are kept of documents that are gone: of runs, and of those seen only.
  package var fired: [Int64]
  package var seen: [Int64]

  package init(next: ScanPosition?, forgotten: Int, fired: [Int64], seen: [Int64]) {
    self.next = next
    self.forgotten = forgotten
    self.fired = fired
    self.seen = seen
  }
}
