import Testing

@testable import BeatCore

/// A scheduler beside a server that carries out a number of scripts a second, one after the other, on virtual time.
///
/// All numbers are a hundredth of the real ones, also the limit of scripts that are on their way, so that a simulated
/// minute takes a second.
struct BusyServer {
  struct Sent: Hashable {
    var name: EntryName
    var due: UnixTime
    /// When the message reached its queue.
    var at: UnixTime
    var late: Int64 { at.microseconds(since: due) }
  }

  private(set) var scheduler: Scheduler
  private(set) var now = Sample.noon
  private(set) var sent: [Sent] = []
  private(set) var skipped: [(name: EntryName, count: Int)] = []
  private(set) var mostInFlight = 0
  /// The number of events that the scheduler was given.
  private(set) var turns = 0
  private var timer: UnixTime?
  /// The scripts that were sent, in the order of their answers.
  private var underWay: [(plan: FirePlan, end: UnixTime)] = []
  private var answered = 0
  private let perScript: Int64

  /// - Parameters:
  ///   - capacity: scripts a second.
  init(capacity: Int64, _ change: (inout SchedulerConfiguration) -> Void = { _ in }) {
    perScript = 1_000_000 / capacity
    scheduler = Scheduler(
      SchedulerBench.configuration {
        $0.maximumInFlight = 16
        $0.batch = 8
        $0.templatesFrom = 1
        // Here any hash serves, and SHA-1 would take most of the time.
        $0.sha1 = { bytes in
          var hash: UInt64 = 0xCBF2_9CE4_8422_2325
          for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
          return (0..<20).map { UInt8(truncatingIfNeeded: hash >> UInt64($0 * 3)) }
        }
        change(&$0)
      })
  }

  mutating func load(_ documents: [(EntryName, String, Watermark?)]) {
    receive(.loadStarted(.direct))
    for (name, document, watermark) in documents { read(name, document, watermark) }
    receive(.loadFinished)
  }

  mutating func edit(_ name: EntryName, _ document: String, _ watermark: Watermark? = nil) {
    receive(.touched(name))
    read(name, document, watermark)
  }

  private mutating func read(_ name: EntryName, _ document: String, _ watermark: Watermark?) {
    receive(.read(name, Scheduler.DocumentRead(.document(Array(document.utf8)), watermark: watermark)))
  }

  mutating func receive(_ event: Scheduler.Event) {
    turns += 1
    for action in scheduler.receive(event, now: now) {
      switch action {
      case .fire(let plan):
        let start = max(now, underWay.count > answered ? underWay[underWay.count - 1].end : now)
        underWay.append((plan, start.advanced(by: perScript)))
        mostInFlight = max(mostInFlight, underWay.count - answered)
      case .armTimer(let time): timer = time
      case .report(.skipped(let name, let count, _, _)): skipped.append((name, count))
      default: break
      }
    }
  }

  /// Lets time pass. `intrude` is called each `period`, and may edit documents.
  mutating func run(_ seconds: Double, every period: Int64 = .max, intrude: (inout BusyServer) -> Void = { _ in }) {
    let end = now.advanced(by: Int64(seconds * 1_000_000))
    var next = period == .max ? UnixTime(microseconds: .max) : now
    while true {
      let answer = answered < underWay.count ? underWay[answered].end : UnixTime(microseconds: .max)
      let alarm = timer.map { max($0, now) } ?? UnixTime(microseconds: .max)
      let time = min(answer, alarm, next)
      guard time <= end else { break }
      now = max(now, time)
      if time == answer {
        let (plan, at) = underWay[answered]
        answered += 1
        sent.append(Sent(name: plan.entry, due: plan.due, at: at))
        receive(.fireEnded(plan, .fired))
      } else if time == alarm {
        timer = nil
        receive(.timerFired)
      } else {
        next = now.advanced(by: period)
        intrude(&self)
      }
    }
    now = end
  }

  /// Lets time pass in which nothing is done, since the server or this process stands still.
  mutating func stall(_ seconds: Double) { now = now.advanced(by: Int64(seconds * 1_000_000)) }

  var congestion: Congestion? {
    var scheduler = scheduler
    return scheduler.congestion(now: now)
  }

  func sent(of name: EntryName) -> [Sent] { sent.filter { $0.name == name } }

  /// The number of runs of each of these schedules.
  func counts(where isMeant: (EntryName) -> Bool) -> [Int] {
    var counts: [EntryName: Int] = [:]
    for run in sent where isMeant(run.name) { counts[run.name, default: 0] += 1 }
    return Array(counts.values)
  }
}
