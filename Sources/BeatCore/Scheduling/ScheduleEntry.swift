/// One schedule as the scheduler holds it: the document's bytes, what they say, and where the schedule stands.
struct ScheduleEntry {
  /// Where an entry is on its way. Next to each state: where it can go.
  enum Phase: Equatable {
    /// Disabled or finished, not in the heap. To `waiting` by an edit.
    case dormant
    /// In the heap until due, or until the next attempt. To `firing`; to `dormant` or another due time by an edit.
    case waiting
    /// The script is on its way. To `waiting` or `dormant` when it is done, else to `unresolved`.
    case firing(FirePlan)
    /// What stands in Redis is not known: a reply was lost (then with its plan), or the document changed under a plan.
    /// To `waiting` or `dormant` by the next read.
    case unresolved(FirePlan?)
  }

  let name: EntryName
  var document: [UInt8]
  /// The newest due time that is known to be fired, or the time first seen: what the next one is counted from.
  var base: UnixTime
  var totalRunCount: Int64
  /// The base is when we first saw the schedule, and this is the mark that stood there then: of an earlier schedule of the
  /// name, or `earliest` for none. Another daemon may have seen it earlier; its mark is newer than this one.
  @PackedTime var markBeforeOurs: UnixTime?
  private var passing: Passing?
  var phase: Phase = .dormant
  // The small ones last, so that they fill one word together.
  var timing: EntryTiming
  /// Of the newest mark that was read: an edit that finds another one is an edit that was heard late.
  var markSeen: Mark.Fingerprint?
  /// The base was read off Redis' clock while we watched, and not found in a mark or a document of an earlier time: it is
  /// wrong if that clock was wrong.
  var isBaseMeasured = false
  /// Something of it has run, by its mark or its document.
  var hasRun = false
  /// The load that found it last.
  var foundBy: UInt16 = 0

  struct Refusal {
    let count: Int
    let reason: String
  }

  /// What few entries have, and not for long: kept apart, so that the others do not pay for it.
  private final class Passing {
    let floor: UnixTime?
    let immediate: UnixTime?
    let refusal: Refusal?
    let lookedAt: UnixTime?

    /// nil: there is nothing to keep.
    init?(floor: UnixTime?, immediate: UnixTime?, refusal: Refusal?, lookedAt: UnixTime?) {
      if floor == nil, immediate == nil, refusal == nil, lookedAt == nil { return nil }
      self.floor = floor
      self.immediate = immediate
      self.refusal = refusal
      self.lookedAt = lookedAt
    }
  }

  init(name: EntryName, document: [UInt8], timing: EntryTiming, base: UnixTime, totalRunCount: Int64) {
    self.name = name
    self.document = document
    self.timing = timing
    self.base = base
    self.totalRunCount = totalRunCount
  }
}

extension ScheduleEntry {
  /// Set by an edit of the schedule: what would have been due before does not count as missed.
  var floor: UnixTime? {
    get { passing?.floor }
    set {
      guard newValue != floor else { return }
      passing = Passing(floor: newValue, immediate: immediate, refusal: refusal, lookedAt: lookedAt)
    }
  }

  /// When `run_immediately` was noticed: its occurrence's nominal time.
  var immediate: UnixTime? {
    get { passing?.immediate }
    set {
      guard newValue != immediate else { return }
      passing = Passing(floor: floor, immediate: newValue, refusal: refusal, lookedAt: lookedAt)
    }
  }

  /// Attempts that were refused in a row.
  var refusal: Refusal? {
    get { passing?.refusal }
    set {
      guard passing != nil || newValue != nil else { return }
      passing = Passing(floor: floor, immediate: immediate, refusal: newValue, lookedAt: lookedAt)
    }
  }

  /// When what is behind was last compared with what is caught up on: of a crontab that is far behind.
  var lookedAt: UnixTime? {
    get { passing?.lookedAt }
    set {
      guard newValue != lookedAt else { return }
      passing = Passing(floor: floor, immediate: immediate, refusal: refusal, lookedAt: newValue)
    }
  }

  var isFiring: Bool {
    if case .firing = phase { true } else { false }
  }

  /// What is counted from, as it is kept in the mark: nothing fired.
  var anchor: Mark { Mark(due: base, taskID: nil, totalRunCount: totalRunCount, digest: digest) }

  /// Under which schedule it stands, and whether that has come to its end: so that whoever loads it later can tell an end
  /// that was lifted.
  var digest: ScheduleDigest {
    let digest = timing.digest
    return timing.enabled && finish != nil ? digest.finished : digest
  }

  /// The same after a run.
  func digest(afterRun due: UnixTime, count: Int64) -> ScheduleDigest {
    guard timing.mayFinish else { return timing.digest }
    var next = self
    next.ran(due, count: count)
    return next.digest
  }

  /// An occurrence was sent: what comes next follows from it.
  ///
  /// - Parameter count: of the runs with it.
  mutating func ran(_ due: UnixTime, count: Int64) {
    base = max(base, due)
    totalRunCount = max(totalRunCount, count)
    hasRun = true
    floor = nil
    immediate = nil
  }

  /// Whether it is switched on, and nothing of it can be sent any more.
  func isOver(at now: UnixTime) -> Bool {
    timing.enabled && (finish != nil || timing.expiresAt.map { $0 <= now } ?? false)
  }

  /// Why no further occurrence will come, for a schedule that has come to its end.
  var finish: String? { finish(before: nextRegular) }

  private func finish(before next: UnixTime?) -> String? {
    if let maximum = timing.maxRunCount, totalRunCount >= maximum { return "max_run_count \(maximum) is reached" }
    if let end = timing.expiresAt, let time = immediate ?? next, time >= end {
      return timing.endInWords(end)
    }
    if immediate != nil { return nil }
    if case .clocked(let time) = timing.schedule {
      // It comes once by itself: another time is another run, one_off or not.
      if let start = timing.startAfter, start > time {
        return "\(timing.schedule.inWords) comes before start_after \(start.iso8601)"
      }
    } else if timing.oneOff, totalRunCount > 0 {
      return "one_off has run"
    }
    return next == nil ? "\(timing.schedule.inWords) does not come again" : nil
  }

  /// The next occurrence that has not been fired, which may have passed; nil if there is none.
  var nextDue: UnixTime? {
    guard timing.enabled else { return nil }
    let next = nextRegular
    return finish(before: next) == nil ? immediate ?? next : nil
  }

  /// When an occurrence is sent: at its due time, or later by its jitter.
  func sending(of due: UnixTime) -> UnixTime {
    guard immediate == nil, timing.jitter > 0 else { return due }
    return Jitter.sending(of: due, name, timing.schedule, limit: timing.jitter, end: timing.expiresAt)
  }

  private var nextRegular: UnixTime? {
    var time = max(base, floor ?? base)
    if let start = timing.startAfter { time = max(time, start.advanced(by: -1)) }
    return timing.schedule.nextDue(after: time, base: seriesBase)
  }

  /// What is counted from, if whatever was due until `time` is left out: an interval keeps its beat.
  func base(leavingBehind time: UnixTime) -> UnixTime {
    let schedule = timing.schedule
    guard schedule.isElapsedTime else { return max(time, base) }
    return schedule.latestDue(atOrBefore: time, after: base, base: seriesBase) ?? base
  }

  /// An interval begins at `start_after` if that was still to come when it was first seen, as at django-celery-beat's
  /// `start_time`, or if it waits longer for it than for its own length.
  var seriesBase: UnixTime {
    guard let start = timing.startAfter, case .interval(let interval) = timing.schedule else { return base }
    let beginning = start.advanced(by: -interval.microseconds)
    return !hasRun && start > base && timing.schedule.isElapsedTime ? beginning : max(base, beginning)
  }
}
