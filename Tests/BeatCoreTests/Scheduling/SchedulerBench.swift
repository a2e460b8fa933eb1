import Testing

@testable import BeatCore

/// A scheduler that a test feeds with events, with a clock of its own. Each call is one event, and returns the actions.
struct SchedulerBench {
  private(set) var scheduler: Scheduler
  /// The clock; at first it is noon.
  var now = Sample.noon
  /// The time for which the timer is armed.
  private(set) var timer: UnixTime?
  /// Fires that a read, and not the timer, has made due: `pass` and `run` begin with them.
  private var early: [FirePlan] = []

  init(_ change: (inout SchedulerConfiguration) -> Void = { _ in }) {
    scheduler = Scheduler(Self.configuration(change))
  }

  static func configuration(_ change: (inout SchedulerConfiguration) -> Void = { _ in }) -> SchedulerConfiguration {
    var configuration = SchedulerConfiguration(
      taskIDs: TaskIDNamespace(Array("tasks:meta:".utf8)), documents: Sample.context, defaultQueue: "celery",
      origin: "gen1@test",
      replyTo: "db655678-c42b-3e77-b0aa-787848ae062e", sha1: SHA1.digest,
      envelope: PlainEnvelope())
    change(&configuration)
    return configuration
  }

  mutating func receive(_ event: Scheduler.Event) -> [Scheduler.Action] {
    let actions = scheduler.receive(event, now: now)
    for case .armTimer(let time) in actions { timer = time }
    if case .read = event { early += actions.fires }
    return actions
  }

  private mutating func takeEarly() -> [FirePlan] {
    defer { early.removeAll() }
    return early
  }

  // MARK: documents

  /// A full load that finds these documents, each with its watermark.
  mutating func load(_ documents: [(EntryName, String, Watermark?)]) -> [Scheduler.Action] {
    var actions = receive(.loadStarted(.direct))
    for (name, document, watermark) in documents { actions += read(name, document, watermark) }
    return actions + receive(.loadFinished)
  }

  /// A full load that finds one document.
  mutating func load(_ name: EntryName, _ document: String, _ watermark: Watermark? = nil) -> [Scheduler.Action] {
    load([(name, document, watermark)])
  }

  /// A scheduler that is connected and has found no document.
  static func watching(_ change: (inout SchedulerConfiguration) -> Void = { _ in }) -> SchedulerBench {
    var bench = SchedulerBench(change)
    _ = bench.load([])
    return bench
  }

  mutating func read(_ name: EntryName, _ document: String, _ watermark: Watermark? = nil) -> [Scheduler.Action] {
    receive(.read(name, Scheduler.DocumentRead(.document(Array(document.utf8)), watermark: watermark)))
  }

  mutating func read(_ name: EntryName, _ content: Scheduler.DocumentRead.Content) -> [Scheduler.Action] {
    receive(.read(name, Scheduler.DocumentRead(content, watermark: nil)))
  }

  /// An edit that is heard: the notification, and then the document as it is stored now.
  mutating func edit(_ name: EntryName, _ document: String, _ watermark: Watermark? = nil) -> [Scheduler.Action] {
    receive(.touched(name)) + read(name, document, watermark)
  }

  // MARK: time

  /// Lets so many seconds pass; the timer goes off when it should. Scripts stay unanswered.
  mutating func pass(_ seconds: Double) -> [Scheduler.Action] {
    let end = now.advanced(by: Int64(seconds * 1_000_000))
    var actions: [Scheduler.Action] = takeEarly().map { .fire($0) }
    var spin = Spin()
    while let timer, timer <= end {
      now = max(now, timer)
      self.timer = nil
      let due = receive(.timerFired)
      actions += due
      guard spin.goesOn(now, due) else { break }
    }
    now = end
    return actions
  }

  /// Lets so many seconds pass, with a Redis that carries out each script at once.
  mutating func run(_ seconds: Double) -> [Scheduler.Action] {
    let end = now.advanced(by: Int64(seconds * 1_000_000))
    var actions: [Scheduler.Action] = []
    for plan in takeEarly() { actions += [.fire(plan)] + receive(.fireEnded(plan, .fired)) }
    var spin = Spin()
    while let timer, timer <= end {
      now = max(now, timer)
      self.timer = nil
      let due = receive(.timerFired)
      actions += due
      guard spin.goesOn(now, due) else { break }
      for plan in due.fires { actions += receive(.fireEnded(plan, .fired)) }
    }
    now = end
    return actions
  }

  /// Stops a timer that goes off again and again at the same moment while nothing is sent.
  private struct Spin {
    /// With more than a hundred thousand schedules that end at one moment, a batch in each turn, so many turns are
    /// right.
    private static let limit = 2_000
    private var moment = UnixTime.earliest
    private var turns = 0

    mutating func goesOn(_ now: UnixTime, _ due: [Scheduler.Action]) -> Bool {
      turns = now == moment && due.fires.isEmpty ? turns + 1 : 0
      moment = now
      guard turns >= Self.limit else { return true }
      Issue.record("the timer goes off without end at \(now.iso8601), and nothing is sent")
      return false
    }
  }

  mutating func end(_ plan: FirePlan, _ outcome: FireOutcome) -> [Scheduler.Action] {
    receive(.fireEnded(plan, outcome))
  }
}

/// So many seconds after noon.
func at(_ seconds: Double) -> UnixTime { Sample.noon.advanced(by: Int64((seconds * 1_000_000).rounded())) }

extension Watermark {
  /// The watermark of a schedule that was seen then, and has not fired.
  static func seen(_ seconds: Double, count: Int64 = 0) -> Watermark {
    Watermark(due: at(seconds), taskID: nil, totalRunCount: count)
  }

  static func fired(_ seconds: Double, count: Int64 = 1) -> Watermark {
    Watermark(due: at(seconds), taskID: TaskID(text: "some id"), totalRunCount: count)
  }
}

/// A watermark's replacement: the due time that must be stored, and the new watermark.
struct Rebase: Equatable {
  var from: UnixTime
  var to: Watermark
}

extension Watermark {
  /// The watermark as a daemon writes it that knows this document's schedule.
  func under(_ document: String) throws -> Watermark {
    var watermark = self
    watermark.digest = EntryTiming(try Sample.read(document).definition).digest
    return watermark
  }

  var undigested: Watermark { Watermark(due: due, taskID: taskID, totalRunCount: totalRunCount) }
}

extension [Scheduler.Action] {
  var fires: [FirePlan] { compactMap { if case .fire(let plan) = $0 { plan } else { nil } } }
  /// The due times of the fires, in seconds after noon.
  var dues: [Double] { fires.map { Double($0.due.microseconds(since: Sample.noon)) / 1_000_000 } }
  var reads: [EntryName] { compactMap { if case .read(let name) = $0 { name } else { nil } } }
  /// The first watermarks, without their digests, which `ScheduleDigestTests` checks.
  var anchors: [Watermark] {
    compactMap { if case .anchor(_, let watermark) = $0 { watermark.undigested } else { nil } }
  }
  var rebases: [Rebase] {
    compactMap {
      if case .rebase(_, let time, let watermark) = $0 { Rebase(from: time, to: watermark.undigested) } else { nil }
    }
  }
  var reports: [Scheduler.Report] { compactMap { if case .report(let report) = $0 { report } else { nil } } }
  var timers: [UnixTime?] { compactMap { if case .armTimer(let time) = $0 { .some(time) } else { nil } } }
  var warnings: [String] { reports.compactMap { if case .warned(_, let text) = $0 { text } else { nil } } }
}
