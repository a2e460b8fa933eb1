import BeatCore

/// Messages as they wait in the outbox, made by the scheduler itself: each is of a schedule that was due.
struct Items {
  private static let start = UnixTime(seconds: 1_772_452_800)

  private var scheduler: Scheduler
  private var now = start
  private var timer: UnixTime?
  private var found: [OutboxItem] = []

  /// - Parameters:
  ///   - size: the length of a text among the arguments of each task.
  init(to queue: String, size: Int) {
    scheduler = Scheduler(
      SchedulerConfiguration(
        taskIDs: TaskIDNamespace(Array("tasks:meta:".utf8)),
        documents: DocumentContext(defaultZone: .utc) { _ throws(ZoneError) in .utc }, defaultQueue: queue,
        origin: "gen1@bench", replyTo: "db655678-c42b-3e77-b0aa-787848ae062e", sha1: Self.digest,
        envelope: OutboxEnvelope()))
    text = String(repeating: "x", count: size)
  }

  private let text: String

  mutating func make(_ count: Int) -> [OutboxItem] {
    receive(.loadStarted(.outbox))
    for number in 0..<count {
      receive(.read(EntryName("tick:\(number)"), Scheduler.DocumentRead(.document(document(number)), watermark: nil)))
    }
    receive(.loadFinished)
    while found.count < count, let timer {
      now = max(now, timer)
      receive(.timerFired)
    }
    return Array(found.prefix(count))
  }

  private func document(_ number: Int) -> [UInt8] {
    Array(
      """
      {"name": "tick:\(number)", "task": "bench.tick", "enabled": true, "interval": {"every": 1, "period": "seconds"}, \
      "args": [\(number), "\(text)"], "kwargs": {"region": "north"}}
      """.utf8)
  }

  private mutating func receive(_ event: Scheduler.Event) {
    var fired: [FirePlan] = []
    for action in scheduler.receive(event, now: now) {
      switch action {
      case .fire(let plan): fired.append(plan)
      case .armTimer(let time): timer = time
      default: break
      }
    }
    for plan in fired {
      found.append(OutboxItem(plan))
      receive(.fireEnded(plan, .fired))
    }
  }

  /// No SHA-1, but as different for different bytes: task ids must differ.
  private static let digest: TaskID.SHA1 = { bytes in
    let hash = bytes.reduce(14_695_981_039_346_656_037 as UInt64) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
    return (0..<20).map { UInt8(truncatingIfNeeded: hash >> UInt64(8 * ($0 % 8))) }
  }
}
