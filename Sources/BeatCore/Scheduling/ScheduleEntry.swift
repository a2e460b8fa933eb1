/// One schedule in memory: the document's bytes, what they say, and how far the schedule has come.
struct ScheduleEntry {
  let name: EntryName
  var document: [UInt8]
  private var passing: Passing?
  private(set) var phase: Phase = .dormant
  var progress: Progress
  // The small fields are last, so that they share one word.
  var timing: EntryTiming
  /// The number of the load that found it last.
  var foundBy: UInt16 = 0

  private final class Passing {
    let state: PassingState

    init(_ state: PassingState) { self.state = state }
  }

  init(name: EntryName, document: [UInt8], timing: EntryTiming, base: UnixTime, totalRunCount: Int64) {
    self.name = name
    self.document = document
    self.timing = timing
    progress = Progress(base: base, totalRunCount: totalRunCount)
  }

  /// Moves the entry to another phase. There is no other way to change the phase.
  ///
  /// - Returns: why the move is illegal and was not made; nil: it was made.
  mutating func transition(to next: Phase) -> IllegalMove? {
    if let illegal = phase.illegality(ofMoveTo: next) { return illegal }
    phase = next
    return nil
  }
}

extension ScheduleEntry {
  var floor: UnixTime? {
    get { passing?.state.floor }
    set { if newValue != floor { change { $0.floor = newValue } } }
  }

  var immediate: UnixTime? {
    get { passing?.state.immediate }
    set { if newValue != immediate { change { $0.immediate = newValue } } }
  }

  var refusals: PassingState.Refusals? {
    get { passing?.state.refusals }
    set { if passing != nil || newValue != nil, newValue != refusals { change { $0.refusals = newValue } } }
  }

  var lookedAt: UnixTime? {
    get { passing?.state.lookedAt }
    set { if newValue != lookedAt { change { $0.lookedAt = newValue } } }
  }

  var pendingStep: Int64 {
    get { passing?.state.pendingStep ?? 0 }
    set { if passing != nil || newValue != 0, newValue != pendingStep { change { $0.pendingStep = newValue } } }
  }

  var lostAnswer: TaskID? {
    get { passing?.state.lostAnswer }
    set { if passing != nil || newValue != nil, newValue != lostAnswer { change { $0.lostAnswer = newValue } } }
  }

  private mutating func change(_ edit: (inout PassingState) -> Void) {
    var state = passing?.state ?? .none
    edit(&state)
    passing = state == .none ? nil : Passing(state)
  }

  /// The watermark that holds the time to count from, without a task: nothing was fired.
  var anchor: Watermark {
    Watermark(due: progress.base, taskID: nil, totalRunCount: progress.totalRunCount, digest: digest)
  }

  /// Takes in that an occurrence was sent. The next one is counted from it.
  ///
  /// - Parameter count: the number of runs, including this one.
  mutating func ran(_ due: UnixTime, count: Int64) {
    progress.base = max(progress.base, due)
    progress.totalRunCount = max(progress.totalRunCount, count)
    progress.hasRun = true
    floor = nil
    immediate = nil
  }

  /// Takes in that a plan was carried out.
  ///
  /// - Returns: whether the document was still the one that the plan was made from. If so, it is now the plan's new
  ///   one.
  mutating func fired(_ plan: FirePlan) -> Bool {
    ran(plan.due, count: plan.watermark.totalRunCount)
    progress.watermarkBefore = nil
    progress.isMeasured = true
    refusals = nil
    guard document == plan.oldDocument else { return false }
    document = plan.newDocument
    timing.runImmediately = false
    return true
  }

  /// Takes in that a plan's occurrence had been sent before. What else has happened since is not known.
  mutating func wasFired(_ due: UnixTime) {
    progress.base = max(progress.base, due)
    immediate = nil
  }

  /// Adds the occurrence that `run_immediately` asks for.
  mutating func noticeImmediate(now: UnixTime) {
    guard timing.runImmediately, timing.enabled, immediate == nil else { return }
    immediate = max(now, progress.base.advanced(by: 1), timing.startAfter ?? now)
  }

  /// Whether the time to count from lies ahead of the clock. A wall-clock schedule waits until the clock has caught up,
  /// unless the difference is too large for a correction of the clock.
  func isAhead(of now: UnixTime) -> Bool {
    let tolerance = timing.schedule.isElapsedTime ? StoreClock.smallestStep : Scheduler.largestCatchUp
    return max(progress.base, floor ?? progress.base) > now.advanced(by: tolerance)
  }

  /// Whether the schedule is enabled, and no run of it can be sent any more.
  func isOver(at now: UnixTime) -> Bool {
    timing.enabled && (finish != nil || timing.expiresAt.map { $0 <= now } ?? false)
  }

  /// Why no further occurrence comes; nil: the schedule has not come to its end.
  var finish: String? { finish(before: nextRegular) }

  private func finish(before next: UnixTime?) -> String? {
    if let maximum = timing.maxRunCount, progress.totalRunCount >= maximum {
      return "max_run_count \(maximum) is reached"
    }
    if let end = timing.expiresAt, let time = immediate ?? next, time >= end {
      return timing.endInWords(end)
    }
    if immediate != nil { return nil }
    if let time = timing.schedule.onlyInstant {
      // A clocked schedule comes once by itself. With another time it runs again, whether it is one_off or not.
      if let start = timing.startAfter, start > time {
        return "\(timing.schedule.inWords) comes before start_after \(start.iso8601)"
      }
    } else if timing.oneOff, progress.totalRunCount > 0 {
      return "one_off has run"
    }
    return next == nil ? "\(timing.schedule.inWords) does not come again" : nil
  }

  /// The next occurrence that has not been fired, which may have passed; nil: there is none.
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
    var time = max(progress.base, floor ?? progress.base)
    if let start = timing.startAfter { time = max(time, start.advanced(by: -1)) }
    return timing.schedule.nextDue(after: time, base: seriesBase)
  }

  /// The time to count from, if everything that was due until `time` is left out. An interval keeps its beat.
  func base(leavingBehind time: UnixTime) -> UnixTime {
    let schedule = timing.schedule
    guard schedule.isElapsedTime else { return max(time, progress.base) }
    return schedule.latestDue(atOrBefore: time, after: progress.base, base: seriesBase) ?? progress.base
  }

  /// The time that the series is counted from. An interval begins at `start_after`, as with django-celery-beat's
  /// `start_time`, if that lay ahead when the schedule was first seen, or if it is more than the interval's length
  /// after `progress.base`.
  var seriesBase: UnixTime {
    let base = progress.base
    guard let start = timing.startAfter, let spacing = timing.schedule.spacing else { return base }
    let beginning = start.advanced(by: -spacing)
    return !progress.hasRun && start > base && timing.schedule.isElapsedTime ? beginning : max(base, beginning)
  }
}
