@testable import BeatCore

/// Checks the messages of one schedule as they reach the queue.
struct Judge {
  let schedule: SimulatedSchedule
  private(set) var last: ModelStore.Push?
  private(set) var count = 0
  /// The timing of the stored document; nil: no document, or one that cannot be read.
  private(set) var timing: EntryTiming?
  /// The time from which the next occurrence counts; nil: not known, since no daemon need have heard the schedule yet.
  private(set) var base: UnixTime?
  /// Whether a client has changed the timing since the last peace, or the store has lost the schedule. Until the next
  /// peace, occurrences may be left out that are earlier than the watermark which shows that the document was heard.
  private(set) var isShaken = true
  /// Whether the store has lost the schedule unnoticed. Until the next peace, any occurrence that is later than the one
  /// before is right.
  private var isAmazed = false
  private(set) var problems: [String] = []
  /// Whether the server's clock was set back since the last peace. The daemon that fires learns it by its next
  /// heartbeat. What it sends until then is later than what it sends afterwards, so only repeats count.
  private var hasGoneBack = false
  /// Whether the server's clock was not set since the last peace.
  private var isQuiet = false
  /// Whether the server's clock was ever set. From then on the due times of messages need not rise, but none may come
  /// twice.
  private var isStepped = false
  private var dues: Set<UnixTime> = []
  /// The due times of all messages so far: a store that forgets a fire does not take its message out of the queue.
  private var sent: Set<UnixTime> = []
  /// The digest of the newest watermark: it shows the next daemon that reads the document whether a client has edited
  /// the schedule.
  private var watermarkDigest: ScheduleDigest?
  /// When the document got a schedule other than the watermark's, by the server's clock. No occurrence before that time
  /// is due.
  private var editedAt: UnixTime?
  /// How far a daemon's estimate of the server's clock may be off; microseconds.
  private let tolerance: Int64
  /// The schedule of the newest document that could be read, and the `editedAt` that belongs to it.
  private var usableDigest: ScheduleDigest?
  private var usableEditedAt: UnixTime?
  /// The document's `total_run_count` before the counted messages.
  private var countBefore: Int64 = 0

  /// Whether only one daemon fires at a time. Where several do, each hears of an edit at its own time, and occurrences
  /// between the first time and the last may be left out.
  private let isStrict: Bool

  init(_ schedule: SimulatedSchedule, isStrict: Bool, tolerance: Int64) {
    self.tolerance = tolerance
    self.schedule = schedule
    self.isStrict = isStrict
  }

  mutating func takeProblems() -> [String] {
    defer { problems.removeAll() }
    return problems
  }

  // MARK: what happens

  /// A client has written or deleted the document.
  mutating func wrote(_ document: [UInt8]?, after held: HeldDocuments, at now: UnixTime) {
    let read = document.flatMap { try? ScheduleDocument($0, context: Sample.context) }
    let new = read.map { EntryTiming($0.definition) }
    // A copy that is stored where no daemon has heard of another document goes on from its last run.
    let isRestored = (timing == nil || watermarkDigest == .gone) && read?.lastRunAt != nil
    // The document was deleted and made again, and no watermark says that it was gone, or a daemon has not heard of it.
    // One read may have answered both events, and then the schedule is the one that was stored before.
    let isKnown = watermarkDigest != .gone || held.known.contains { Self.digest(of: $0) == new?.digest }
    let isTheSame = timing == nil && new != nil && new?.digest == usableDigest && isKnown && !isRestored
    if let new { usableDigest = new.digest }
    if isRestored, new != nil, new?.digest == timing?.digest {
      // The document in between has the same schedule, and no daemon will ever hear of it.
      (editedAt, usableEditedAt) = (nil, nil)
      return shake()
    }
    guard new?.digest != timing?.digest || document == nil else { return }
    // Where all daemons fire, one that has heard of no document in between goes on by the same bytes, and is right.
    let isUnheard = !isStrict && document.map { held.known.contains($0) || held.firing.contains($0) } == true
    timing = new
    if isTheSame {
      editedAt = usableEditedAt
      return shake()
    }
    defer { if new != nil { usableEditedAt = editedAt } }
    editedAt = isRestored || isUnheard || watermarkDigest == nil || watermarkDigest == new?.digest ? nil : now
    shake()
  }

  private static func digest(of document: [UInt8]) -> ScheduleDigest? {
    (try? ScheduleDocument(document, context: Sample.context)).map { EntryTiming($0.definition).digest }
  }

  private mutating func shake() {
    isShaken = true
    base = nil
  }

  /// The store went back while all connections stayed: until the daemons notice, they go by their memory.
  mutating func amaze() {
    isAmazed = true
    shake()
  }

  /// FLUSHDB: the store has forgotten everything.
  mutating func forget() {
    last = nil
    count = 0
    watermarkDigest = nil
    editedAt = nil
    amaze()
  }

  /// The server's clock was set: the daemons learn it by their next heartbeat.
  mutating func stepped(by step: Int64) {
    hasGoneBack = hasGoneBack || step < 0
    isQuiet = false
    isStepped = true
    amaze()
  }

  mutating func marked(_ watermark: Watermark) {
    watermarkDigest = watermark.digest
    if isShaken, schedule.kind != .loose, watermark.digest == timing?.digest { base = watermark.due }
  }

  mutating func pushed(_ push: ModelStore.Push) {
    defer {
      if !isStepped { dues = [push.due] }
      if isQuiet { hasGoneBack = false }
      last = push
      count += 1
      base = push.due
    }
    let due = push.due.iso8601
    let id = TaskID(key: Array("tasks:meta:\(push.entry)".utf8), due: push.due, sha1: SHA1.digest)
    if push.taskID != id { problems.append("due \(due) was sent as \(push.taskID)") }
    if push.at.advanced(by: ModelStore.maximumLead) < push.due {
      problems.append("due \(due) was sent at \(push.at.iso8601) already")
    }
    if !isStepped, !sent.insert(push.due).inserted { problems.append("due \(due) is in the queue already") }
    if isStepped, !dues.insert(push.due).inserted { problems.append("due \(due) was sent twice") }
    if let last, push.due <= last.due, !hasGoneBack { problems.append("due \(due) was sent after \(last.due.iso8601)") }
    if let editedAt, push.due < editedAt.advanced(by: -tolerance), !isAmazed, !isStepped {
      problems.append("due \(due) was sent, and is from before the edit of \(editedAt.iso8601)")
    }
    if schedule.kind != .loose { checkSeries(push) }
  }

  /// Expects this occurrence to be the next one.
  private mutating func checkSeries(_ push: ModelStore.Push) {
    guard let timing, timing.enabled, let from = [base, last?.due].compactMap({ $0 }).max() else { return }
    guard let next = timing.schedule.nextDue(after: from, base: from) else { return }
    guard push.due != next, base != nil, isStrict && !isAmazed || !isShaken else { return }
    // Several daemons may have seen the schedule first: the one that fires first is right.
    if isShaken, count == 0 { return }
    let isOne = timing.schedule.nextDue(after: push.due.advanced(by: -1), base: from) == push.due
    // An occurrence that is late enough may be left out where the document allows it.
    let mayBeMissed = schedule.catchup != .all && push.at.microseconds(since: next) > 10_000_000 - 200_000
    if !isOne || push.due < next || !mayBeMissed {
      problems.append("\(from.iso8601) is followed by \(push.due.iso8601), not \(next.iso8601)")
    }
  }

  // MARK: peace

  /// - Parameter slack: how late the next occurrence may be; microseconds.
  mutating func settle(_ document: [UInt8]?, _ watermark: Watermark?, now: UnixTime, slack: Int64) {
    let document = document.flatMap { try? ScheduleDocument($0, context: Sample.context) }
    isQuiet = true
    if schedule.kind != .loose, isShaken, let watermark, timing?.enabled == true {
      (isShaken, isAmazed) = (false, false)
      base = watermark.due
      countBefore = (document?.totalRunCount ?? 0) - Int64(count)
    }
    guard schedule.kind != .loose, let timing, timing.enabled else { return }
    guard let base else { return problems.append("no daemon has heard of it") }
    if let next = timing.schedule.nextDue(after: base, base: base), next < now.advanced(by: -slack) {
      problems.append("stopped at \(base.iso8601)")
    }
    if base > now.advanced(by: slack) { problems.append("waits for \(base.iso8601)") }
    guard schedule.kind == .kept else { return }
    let counted = (document?.totalRunCount ?? -1) - countBefore
    // Where occurrences may be left out, a daemon that was frozen may have missed another daemon's fire.
    if schedule.catchup == .all ? counted != Int64(count) : !(1...max(1, Int64(count))).contains(counted) {
      problems.append("total_run_count is \(document?.totalRunCount ?? -1) after \(count) messages and \(countBefore)")
    }
    if let last, document?.lastRunAt != last.due { problems.append("last_run_at is not \(last.due.iso8601)") }
  }
}
