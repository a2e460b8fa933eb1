@testable import BeatCore
import BeatRedis

enum Part: String, CaseIterable {
  case heap, document, crontab, message, splice, load, fire, edit

  /// One operation, with everything it needs prepared. The operation's number makes each a little different.
  func operation() throws -> (Int) -> Void {
    switch self {
    case .heap: Self.heap()
    case .document: Self.document()
    case .crontab: try Self.crontab()
    case .message: try Self.message()
    case .splice: try Self.splice()
    case .load: Self.load()
    case .fire: Self.fire()
    case .edit: Self.edit()
    }
  }

  /// Moves the earliest of 10,000 entries to its next due time.
  private static func heap() -> (Int) -> Void {
    var heap = DueHeap()
    for handle in 0..<10_000 { heap.set(handle, due: Sample.start.advanced(by: Int64(handle * 7919 % 10_000))) }
    return { _ in
      guard let top = heap.top else { return }
      heap.set(top.handle, due: top.due.advanced(by: 10_000))
    }
  }

  /// Makes a schedule of a document's bytes.
  private static func document() -> (Int) -> Void {
    let bytes = Sample.document(interval: false)
    return { _ in consume((try? ScheduleDocument(bytes, context: Sample.context))?.totalRunCount) }
  }

  /// Finds the next due time of office hours in New York, at instants throughout the years.
  private static func crontab() throws -> (Int) -> Void {
    let name = "America/New_York"
    let zone = try ZoneRules(name: name, tzif: Sample.contents(of: "/usr/share/zoneinfo/\(name)"))
    let schedule = Schedule.crontab(try Crontab(line: "15,45 8-18 * * 1-5", zone: zone))
    return { index in
      let after = Sample.start.advanced(by: Int64(index) * 1_234_567_890_123 % 1_000_000_000_000_000)
      consume(schedule.nextDue(after: after, base: Sample.start))
    }
  }

  /// Writes a task message of about 900 bytes.
  private static func message() throws -> (Int) -> Void {
    let layout = try DocumentLayout(Sample.document(interval: true))
    let id = TaskID(key: Array("tasks:meta:bench".utf8), due: Sample.start, sha1: Sample.digest)
    return { _ in
      let message = TaskMessage(
        task: "proj.tasks.bench", id: id, options: MessageOptions(), route: .queue("celery"), layout: layout,
        origin: "gen1@bench", replyTo: "db655678-c42b-3e77-b0aa-787848ae062e", now: Sample.start)
      consume(KombuRedisEnvelope().prepare(message).bytes.count)
    }
  }

  /// Writes `last_run_at` and `total_run_count` into a document.
  private static func splice() throws -> (Int) -> Void {
    let layout = try DocumentLayout(Sample.document(interval: true))
    return { index in
      consume(layout.fired(due: Sample.start.advanced(by: Int64(index) * 1_000_000), count: Int64(index)).bytes.count)
    }
  }

  /// Gives one more document to a scheduler that is reading all of them.
  private static func load() -> (Int) -> Void {
    let scheduler = Feed()
    scheduler.receive(.loadStarted(.direct))
    let bytes = Sample.document(interval: true)
    return { index in scheduler.read("bench:\(index)", bytes) }
  }

  /// Fires one occurrence among 1,000 schedules, from the timer to the script's answer.
  private static func fire() -> (Int) -> Void {
    let scheduler = Feed.loaded(1000)
    return { _ in scheduler.fireNext() }
  }

  /// Reads an existing schedule again, with another document, among 1,000.
  private static func edit() -> (Int) -> Void {
    let scheduler = Feed.loaded(1000)
    let revisions = [Sample.document(interval: true), Sample.document(interval: false)]
    return { index in
      scheduler.receive(.touched(EntryName("bench:\(index % 1000)")))
      scheduler.read("bench:\(index % 1000)", revisions[(index / 1000 + 1) % 2])
    }
  }
}

/// Keeps the compiler from removing a computation whose result is not used.
@inline(never) func consume<Value>(_: Value) {}
