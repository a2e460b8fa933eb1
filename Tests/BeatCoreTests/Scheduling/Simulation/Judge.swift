@testable import BeatCore

/// Watches over the messages of one schedule as they reach the queue.
struct Judge {
  let schedule: SimulatedSchedule
  private(set) var last: ModelStore.Push?
  private(set) var count = 0
  /// Of the document that stands there; nil: none that can be read.
  private(set) var timing: EntryTiming?
  /// What the next occurrence is counted from; nil: nobody has to know yet.
  private(set) var base: UnixTime?
  /// Somebody has changed when it is due, or the store has lost it: until all is quiet, occurrences may be left out
  /// that came before the watermark says that the document was heard.
  private(set) var isShaken = true
  /// The store lost it unnoticed: until all is quiet, whatever comes later than the one before is right.
  private var isAmazed = false
  private(set) var problems: [String] = []
  /// The server's clock was set back since all was quiet. The daemon that fires learns it by its next heartbeat; what
  /// it sends until then is later than what comes then, which is why only repeats count.
  private var hasGoneBack = false
  /// Nothing was done to the server's clock since all was quiet.
  private var isQuiet = false
  /// The server's clock was set, and so the due times of messages need not rise; none comes twice.
  private var isStepped = false
  private var dues: Set<UnixTime> = []
  /// Of all messages so far: a store that forgets them does not take them out of the queue.
  private var sent: Set<UnixTime> = []
  /// Of the newest watermark: who looks at the document next knows by it whether somebody has edited the schedule.
  private var watermarkDigest: ScheduleDigest?
  /// When the schedule was changed to one that the watermark is not of: nothing of it is due before that. By the
  /// server's clock.
  private var editedAt: UnixTime?
  /// How far a daemon's idea of the server's clock may be from it; microseconds.
  private let tolerance: Int64
  /// The bytes of the newest document that could be read.
  private var usable: [UInt8]?
  /// The schedule of that document, and `editedAt` while it stood.
  private var usableDigest: ScheduleDigest?
  private var usableEditedAt: UnixTime?
  /// Where `total_run_count` began.
  private var countBefore: Int64 = 0

  /// Where several daemons fire at a time, each of them hears of an edit in its own time: what comes between the first
  /// and the last may be left out.
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

  /// A client has written, or deleted.
  mutating func wrote(_ document: [UInt8]?, at now: UnixTime) {
    let read = document.flatMap { try? ScheduleDocument($0, context: Sample.context) }
    let new = read.map { EntryTiming($0.definition) }
    let isBack = document == usable
    // Deleted and made again, and nobody has marked that it was gone: one read may have answered both events, and then
    // the schedule is the one that stood there before.
    let isTheSame = timing == nil && new != nil && new?.digest == usableDigest && watermarkDigest != .gone
    if let new { (usable, usableDigest) = (document, new.digest) }
    guard new?.digest != timing?.digest || document == nil else { return }
    // A copy that is put back where nothing stood, as far as anybody has heard, goes on from its last run.
    let isRestored = (timing == nil || watermarkDigest == .gone) && read?.lastRunAt != nil
    // Where all fire, one that has heard of neither goes on by the same bytes, and does no wrong.
    let isUnheard = !isStrict && timing == nil && isBack
    timing = new
    if isTheSame {
      editedAt = usableEditedAt
      return shake()
    }
    defer { if new != nil { usableEditedAt = editedAt } }
    editedAt = isRestored || isUnheard || watermarkDigest == nil || watermarkDigest == new?.digest ? nil : now
    shake()
  }

  private mutating func shake() {
    isShaken = true
    base = nil
  }

  /// The store went back, and every connection stayed: until the daemons notice, they go by what they remember.
  mutating func amaze() {
    isAmazed = true
    shake()
  }

  /// FLUSHDB: what was before is forgotten.
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

  /// Is it the next one?
  private mutating func checkSeries(_ push: ModelStore.Push) {
    guard let timing, timing.enabled, let from = [base, last?.due].compactMap({ $0 }).max() else { return }
    guard let next = timing.schedule.nextDue(after: from, base: from) else { return }
    guard push.due != next, base != nil, isStrict && !isAmazed || !isShaken else { return }
    // Several may have seen it first: whoever fires first is right.
    if isShaken, count == 0 { return }
    let isOne = timing.schedule.nextDue(after: push.due.advanced(by: -1), base: from) == push.due
    // What is late enough may be left out where the document says so.
    let mayBeMissed = schedule.catchup != .all && push.at.microseconds(since: next) > 10_000_000 - 200_000
    if !isOne || push.due < next || !mayBeMissed {
      problems.append("\(from.iso8601) is followed by \(push.due.iso8601), not \(next.iso8601)")
    }
  }

  // MARK: all is quiet

  /// - Parameter slack: how late the next one may be.
  mutating func settle(_ document: [UInt8]?, _ watermark: Watermark?, now: UnixTime, slack: Int64) {
    let document = document.flatMap { try? ScheduleDocument($0, context: Sample.context) }
    isQuiet = true
    if schedule.kind != .loose, isShaken, let watermark, timing?.enabled == true {
      (isShaken, isAmazed) = (false, false)
      base = watermark.due
      countBefore = (document?.totalRunCount ?? 0) - Int64(count)
    }
    guard schedule.kind != .loose, let timing, timing.enabled else { return }
    guard let base else { return problems.append("nobody has heard of it") }
    if let next = timing.schedule.nextDue(after: base, base: base), next < now.advanced(by: -slack) {
      problems.append("stopped at \(base.iso8601)")
    }
    if base > now.advanced(by: slack) { problems.append("waits for \(base.iso8601)") }
    guard schedule.kind == .kept else { return }
    let counted = (document?.totalRunCount ?? -1) - countBefore
    // Where occurrences may be left out, a daemon that was frozen may have missed that another one has fired.
    if schedule.catchup == .all ? counted != Int64(count) : !(1...max(1, Int64(count))).contains(counted) {
      problems.append("total_run_count is \(document?.totalRunCount ?? -1) after \(count) messages and \(countBefore)")
    }
    if let last, document?.lastRunAt != last.due { problems.append("last_run_at is not \(last.due.iso8601)") }
  }
}
