import BeatCore
import BeatRedis
import Glibc

/// The cost of the scheduler itself, without Redis: nanoseconds for each document loaded, for each edit, and for each
/// fire with its message, in memory and on virtual time. `core drift SECONDS` prints how many microseconds a schedule
/// of one second is off after that many seconds.
@main struct Core {
  static func main() throws {
    if CommandLine.arguments.count == 3, CommandLine.arguments[1] == "drift" {
      return print(try Drift().after(Int64(CommandLine.arguments[2]) ?? 0))
    }
    let count = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 50_000
    let documents = (0..<count).map { number in
      (EntryName("bench:\(number)"), Array(document(number, revision: 0).utf8))
    }
    var bench = Bench()
    let load = bench.measure { bench in
      bench.receive(.loadStarted(.direct))
      for (name, bytes) in documents {
        bench.receive(.read(name, Scheduler.DocumentRead(.document(bytes), watermark: nil)))
      }
      bench.receive(.loadFinished)
    }
    report("load", load, count)
    let rounds = 5
    let fire = bench.measure { bench in for _ in 0..<rounds { bench.second() } }
    report("fire", fire, bench.fired)
    let edits = (0..<count).map { Array(document($0, revision: 1).utf8) }
    let edit = bench.measure { bench in
      for (index, (name, _)) in documents.enumerated() {
        bench.receive(.touched(name))
        bench.receive(.read(name, Scheduler.DocumentRead(.document(edits[index]), watermark: nil)))
      }
    }
    report("edit", edit, count)
    print("messages of \(bench.bytes / max(1, bench.fired)) bytes on average")
  }

  static func document(_ number: Int, revision: Int) -> String {
    """
    {"name": "bench:\(number)", "task": "proj.tasks.bench", "enabled": true, \
    "interval": {"every": 1, "period": "seconds"}, "args": [\(number)], \
    "kwargs": {"region": "north", "revision": \(revision)}, "queue": "bench"}
    """
  }

  static func report(_ name: String, _ nanoseconds: Int64, _ count: Int) {
    print("\(name)  \(nanoseconds / Int64(max(1, count))) ns each, \(count)")
  }
}

struct Bench {
  private var scheduler = Scheduler(
    SchedulerConfiguration(
      taskIDs: TaskIDNamespace(Array("tasks:meta:".utf8)),
      documents: DocumentContext(defaultZone: .utc) { name throws(ZoneError) in .utc }, defaultQueue: "celery",
      origin: "gen1@bench", replyTo: "db655678-c42b-3e77-b0aa-787848ae062e",
      sha1: { Array($0.prefix(20)) + Array(repeating: 0, count: max(0, 20 - $0.count)) },
      envelope: KombuRedisEnvelope()))
  private var now = UnixTime(seconds: 1_772_452_800)
  private(set) var fired = 0
  private(set) var bytes = 0
  private var plans: [FirePlan] = []
  private var timer: UnixTime?

  mutating func receive(_ event: Scheduler.Event) {
    for action in scheduler.receive(event, now: now) {
      switch action {
      case .fire(let plan): plans.append(plan)
      case .armTimer(let time): timer = time
      default: break
      }
    }
  }

  /// Passes a second, in which each schedule is due once.
  mutating func second() {
    now = now.advanced(by: 1_000_000)
    while let time = timer, time <= now {
      receive(.timerFired)
      for plan in plans {
        fired += 1
        bytes += plan.message.count
        receive(.fireEnded(plan, .fired))
      }
      plans.removeAll(keepingCapacity: true)
    }
  }

  /// Fires the next occurrence. Its timer is `late` microseconds late, and its script takes `taking` microseconds.
  mutating func next(late: Int64, taking: Int64) -> FirePlan? {
    guard let time = timer else { return nil }
    now = max(now, time).advanced(by: late)
    receive(.timerFired)
    guard let plan = plans.popLast() else { return nil }
    now = now.advanced(by: taking)
    receive(.fireEnded(plan, .fired))
    return plan
  }

  mutating func measure(_ work: (inout Bench) -> Void) -> Int64 {
    let start = Self.clock()
    work(&self)
    return Self.clock() - start
  }

  private static func clock() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
