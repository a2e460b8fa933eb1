/// The schedules' documents and their watermarks.
///
/// A document crosses this port as text in JSON, and its bytes are its revision: a fire (`FirePlan.oldDocument`) and a
/// document that is set aside are known by them. An adapter keeps two rules for it. Stored documents that differ have
/// bytes that differ, and the bytes alone are enough to find out whether the stored document is still that one. So the
/// core knows the revision behind a fire of its own before any answer comes, also where the answer is lost. A revision
/// that the store gives out, such as a counter, would be known by the answer alone, and every client that edits would
/// have to keep it.
package protocol ScheduleStore: AnyObject {
  /// One step of a walk through the names of all documents: some hundred of them, a thousand at most. A name that is
  /// there from the first step to the last is found at least once; one may be found twice. A walk goes on in the
  /// session in which it began.
  ///
  /// - Parameter position: nil: a new walk begins.
  func names(from position: ScanPosition?, then: @escaping Completion<NamePage>)

  /// Documents with their watermarks, each as both stood in one moment, in the order of the names: of so many of them,
  /// from the first on, as an answer has room for (`Limit.pageLength`), and of one at least.
  func read(_ names: [EntryName], then: @escaping Completion<[Scheduler.DocumentRead]>)

  /// Fires: of each plan, whole or not at all, the document is replaced, the watermark is set, and the message is on
  /// its way. A plan is carried out once, however often it is committed: `alreadyMine` is the answer to a repeat, also
  /// when the document was written back as it stood before. Of plans of one schedule on the same document, the first is
  /// carried out and the others are `changed`. What another daemon's lease forbids is `fenced`, and so is what comes
  /// after our own has run out by the store's clock; which lease is ours is asked when the plans are sent. Messages for
  /// one queue keep the order of the plans, and of the calls.
  ///
  /// - Parameter outcome: called for each plan once. After `unknown` the session ends.
  func commit(_ plans: [FirePlan], outcome: @escaping (FirePlan, FireOutcome) -> Void)

  /// Sets watermarks where there are none; of several for one name, the first.
  ///
  /// - Parameters:
  ///   - watermarks: one at least.
  ///   - then: gets the names of those that were not put, since another watermark stands there.
  func putAbsent(_ watermarks: [(name: EntryName, watermark: Watermark)], then: @escaping Completion<[EntryName]>)

  /// Replaces a watermark, even by an older one, if the lease is ours.
  ///
  /// - Parameter then: gets `false` where another one stands than was expected, or none, or the lease is another
  ///   daemon's.
  func replace(
    _ name: EntryName, expecting: WatermarkExpectation, with watermark: Watermark, then: @escaping Completion<Bool>)

  /// One step through all watermarks, which forgets those of documents that are gone.
  func sweepWatermarks(
    from position: ScanPosition?, _ ages: WatermarkAges, then: @escaping Completion<WatermarkSweepPage>)
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

/// What must stand where a watermark is replaced.
package enum WatermarkExpectation: Hashable, Sendable {
  /// A watermark that holds this time.
  case due(UnixTime)
  /// These bytes, which are no watermark: of more than may be, as many as are read.
  case bytes([UInt8])
}

/// Which watermarks of documents that are gone are kept.
package struct WatermarkAges: Hashable, Sendable {
  /// Watermarks of runs are kept if they are due at this time or later.
  package var fired: UnixTime
  /// Watermarks of schedules that were seen and have not run are kept if they are due at this time or later.
  package var seen: UnixTime
  /// A watermark that lies further ahead is no time of a run, and counts as the oldest.
  package var latest: UnixTime

  package init(fired: UnixTime, seen: UnixTime, latest: UnixTime) {
    self.fired = fired
    self.seen = seen
    self.latest = latest
  }
}

/// What one step of a sweep has done.
package struct WatermarkSweepPage {
  /// nil: this was the last step.
  package var next: ScanPosition?
  package var forgotten: Int
  /// Minutes since 1970 of the watermarks that are kept of documents that are gone: of runs, and of those seen only.
  package var fired: [Int64]
  package var seen: [Int64]

  package init(next: ScanPosition?, forgotten: Int, fired: [Int64], seen: [Int64]) {
    self.next = next
    self.forgotten = forgotten
    self.fired = fired
    self.seen = seen
  }
}
