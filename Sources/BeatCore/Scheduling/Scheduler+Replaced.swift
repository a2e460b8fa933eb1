/// A store that has forgotten what was fired: it was emptied, or is another one, or somebody has deleted a mark. The queue
/// forgets nothing by that, so that what we remember counts for more than what stands there.
extension Scheduler {
  /// The mark of a schedule that we know is gone. Other daemons may have fired what we have not heard of, and nothing
  /// tells of it any more: what was due until now is left out, and an interval keeps its beat. Not where the document
  /// remembers a run, for it says what is counted from.
  ///
  /// - Returns: whether something is left out.
  mutating func passUnheard(_ entry: inout ScheduleEntry, now: UnixTime) -> Bool {
    // What is clocked comes once, so that it is not given up for a guess.
    guard unseenAnchors.remove(entry.name) == nil, !entry.isFiring, !entry.timing.schedule.isClocked else {
      return false
    }
    let base = entry.base(leavingBehind: now)
    entry.markBeforeOurs = .earliest
    guard base != entry.base else { return false }
    entry.base = base
    entry.isBaseMeasured = true
    return true
  }

  /// Keeps what is counted from in the mark, unless one stands there. A read that is sent after this finds one.
  mutating func anchor(_ entry: ScheduleEntry) {
    if reads[entry.name] != nil || isLoading && isWatching { unseenAnchors.insert(entry.name) }
    actions.append(.anchor(entry.name, entry.anchor))
  }

  /// In a replaced store, a mark that is older than our base was kept by a daemon that has not heard of the newest runs. Our
  /// base stays, and replaces the mark when we lead.
  mutating func keepNewerBase(than mark: Mark, in entry: inout ScheduleEntry) {
    guard isReplaced, mark.due < entry.base else { return }
    entry.markBeforeOurs = mark.due
    entry.isBaseMeasured = true
  }
}

extension Scheduler {
  /// Names of which nothing was known are doubted up to this number: somebody may touch names that never exist, without end.
  private static let unknownDoubts = 1_024

  /// A document was read, and was not there.
  mutating func doubtAbsence(of name: EntryName) {
    let isSecondLook = lookedAtAgain.remove(name) != nil
    if isPresent(name) || !isSecondLook && doubted.count < Self.unknownDoubts { doubted.insert(name) }
  }

  /// After a heartbeat: reads once more what was found gone, or by a fire changed. For a moment another database may have
  /// stood in the place of ours (SWAPDB, and back), of which no event tells; had a heartbeat seen it, all would be loaded anew.
  mutating func lookAgain() {
    guard isWatching, !doubted.isEmpty else { return }
    for name in doubted.sorted(by: { $0.bytes.lexicographicallyPrecedes($1.bytes) }) { touch(name) }
    lookedAtAgain = doubted
    doubted.removeAll(keepingCapacity: doubted.count <= 1_024)
  }
}
