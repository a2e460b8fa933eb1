import BeatCore
import BeatRedis

/// A scheduler that is fed by hand: its clock is virtual, and its scripts are answered at once.
final class Feed {
  private var scheduler = Scheduler(
    SchedulerConfiguration(
      taskIDs: TaskIDNamespace(Array("tasks:meta:".utf8)), documents: Sample.context, defaultQueue: "celery",
      origin: "gen1@bench", replyTo: "db655678-c42b-3e77-b0aa-787848ae062e", sha1: Sample.digest,
      envelope: KombuRedisEnvelope()))
  private var now = Sample.start
  private var timer: UnixTime?
  private var plans: [FirePlan] = []

  static func loaded(_ count: Int) -> Feed {
    let feed = Feed()
    feed.receive(.loadStarted(.direct))
    for number in 0..<count {
      feed.now = feed.now.advanced(by: 1000)
      feed.read("bench:\(number)", Sample.document(interval: true))
    }
    feed.receive(.loadFinished)
    return feed
  }

  func receive(_ event: Scheduler.Event) {
    for action in scheduler.receive(event, now: now) {
      switch action {
      case .fire(let plan): plans.append(plan)
      case .armTimer(let time): timer = time
      default: break
      }
    }
  }

  func read(_ name: String, _ bytes: [UInt8]) {
    receive(.read(EntryName(name), Scheduler.DocumentRead(.document(bytes), watermark: nil)))
  }

  /// Advances the clock until something is due, and fires one occurrence of it.
  func fireNext() {
    while plans.isEmpty {
      guard let timer else { return }
      now = max(now, timer)
      receive(.timerFired)
    }
    receive(.fireEnded(plans.removeFirst(), .fired))
  }
}
