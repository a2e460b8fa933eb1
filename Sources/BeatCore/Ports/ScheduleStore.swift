/// The schedules' documents and their watermarks.
///
/// A document crosses this port as JSON text, and its bytes are its revision: a fire (`FirePlan.oldDocument`) and a
/// document that is set aside are identified by them. An adapter must keep two rules. Stored documents that differ in
/// what they mean must have different bytes. And the bytes alone must be enough to find out whether the stored document is still the same.
/// So the core knows the revision after its own fire before the answer comes, and even if the answer is lost. With a
/// revision that the store gives out, such as a counter, only the answer would tell, and every client that edits would
/// have to maintain it.
package protocol ScheduleStore: AnyObject {
  /// One step of a walk through the names of all documents. A step returns some hundred names, a thousand at most. A
  /// name that exists from the first step to the last is returned at least once, and possibly twice. A walk must
  /// continue in the session in which it began.
  ///
  /// - Parameter position: the position after the step before; nil: a new walk begins.
  func names(from position: ScanPosition?, then: @escaping Completion<NamePage>)

  /// Reads documents with their watermarks. A watermark is that of the moment when its document was read, or a newer
  /// one. The answer is in the order of `names` and may be shorter than `names`: it holds the first documents, as many as fit into
  /// `Limit.pageLength` bytes, and at least one.
  func read(_ names: [EntryName], then: @escaping Completion<[Scheduler.DocumentRead]>)

  /// Carries out fires. For each plan, the store sets the watermark and sends the message on its way, both or neither,
  /// and replaces the document: in the same step, or before the answer. If the daemon dies in between, the document is
  /// older than its watermark, as a stale copy is. A read of the outbox that returns the message replaces it.
  ///
  /// A plan is carried out once, however often it is committed. A repeat is answered with `alreadyMine`, even if an old
  /// document was written back since. If several plans start from the same document, the first is carried out, and the
  /// others are `changed`.
  ///
  /// A plan is `fenced` if another daemon holds the lease, or if this daemon's lease has run out by the store's clock.
  /// The store asks for this daemon's token when it sends the plans. Messages for one queue keep the order of the
  /// plans, and of the calls.
  ///
  /// The history's entries, and what else no message waits for, may be written behind the outcomes, and before the calls
  /// that follow them.
  ///
  /// - Parameter outcome: called once for each plan. After `unknown`, the session ends.
  func commit(_ plans: [FirePlan], outcome: @escaping (FirePlan, FireOutcome) -> Void)

  /// Sets watermarks of schedules that have none. If a name occurs several times, its first watermark counts.
  ///
  /// - Parameters:
  ///   - watermarks: at least one.
  ///   - then: gets the names whose watermark was not set, since the store holds another one.
  func putAbsent(_ watermarks: [(name: EntryName, watermark: Watermark)], then: @escaping Completion<[EntryName]>)

  /// Replaces a watermark, even by an older one, if this daemon holds the lease.
  ///
  /// - Parameter then: gets `false` if the stored watermark is not the expected one, if there is none, or if another
  ///   daemon holds the lease.
  func replace(
    _ name: EntryName, expecting: WatermarkExpectation, with watermark: Watermark, then: @escaping Completion<Bool>)

  /// One step of a walk through all watermarks. It removes those of deleted documents, unless `ages` keeps them.
  func sweepWatermarks(
    from position: ScanPosition?, _ ages: WatermarkAges, then: @escaping Completion<WatermarkSweepPage>)
}

/// The result of one step of a walk through names.
package struct NamePage {
  /// The position for the next step; nil: this was the last step.
  package var next: ScanPosition?
  package var names: [EntryName]
  package var ignored: IgnoredNames

  package init(next: ScanPosition?, names: [EntryName], ignored: IgnoredNames = IgnoredNames()) {
    self.next = next
    self.names = names
    self.ignored = ignored
  }
}

/// What the store must hold for a watermark to be replaced.
package enum WatermarkExpectation: Hashable, Sendable {
  /// A watermark with this due time.
  case due(UnixTime)
  /// These bytes, which are no watermark. If the field is longer than a watermark may be, they are its first bytes, as
  /// many as a read returns.
  case bytes([UInt8])
}

/// Which watermarks of deleted documents are kept.
package struct WatermarkAges: Hashable, Sendable {
  /// Watermarks of schedules that have run are kept if they are due at this time or later.
  package var fired: UnixTime
  /// Watermarks of schedules that have been seen and have not run are kept if they are due at this time or later.
  package var seen: UnixTime
  /// A watermark later than this cannot be the time of a run, and counts as the oldest.
  package var latest: UnixTime

  package init(fired: UnixTime, seen: UnixTime, latest: UnixTime) {
    self.fired = fired
    self.seen = seen
    self.latest = latest
  }
}

/// The result of one step of a sweep.
package struct WatermarkSweepPage {
  /// The position for the next step; nil: this was the last step.
  package var next: ScanPosition?
  package var forgotten: Int
  /// The due times of the kept watermarks of deleted documents, in minutes since 1970: `fired` of schedules that have
  /// run, `seen` of schedules that have only been seen.
  package var fired: [Int64]
  package var seen: [Int64]

  package init(next: ScanPosition?, forgotten: Int, fired: [Int64], seen: [Int64]) {
    self.next = next
    self.forgotten = forgotten
    self.fired = fired
    self.seen = seen
  }
}
