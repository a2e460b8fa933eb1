import Testing

@testable import BeatCore

/// The next run that commands show is the next one that a daemon sends: one that runs, one that starts now, and one
/// that starts later. (Schedules have no `run_immediately`, which is due when it is seen.)
@Suite("Preview: random documents, edits and downtimes; commands and daemons say the same")
struct PreviewPropertyTests {
  static let name = EntryName("a")

  /// The stored document and watermark.
  struct Store {
    var document: String
    var watermark: Watermark?

    var read: Scheduler.DocumentRead { Scheduler.DocumentRead(.document(Array(document.utf8)), watermark: watermark) }

    mutating func keep(_ actions: [Scheduler.Action]) {
      for action in actions {
        switch action {
        case .anchor(_, let new): watermark = watermark ?? new
        case .rebase(_, let from, let new): if watermark?.due == from { watermark = new }
        default: break
        }
      }
    }

    func preview(at now: UnixTime) -> SchedulePreview {
      SchedulePreview(PreviewPropertyTests.name, read, context: Sample.context, now: now)
    }

    /// An edit by `set`, `edit` or `enable`: it stores the document, and the watermark that belongs to it.
    mutating func edit(_ new: String, at now: UnixTime) -> SchedulePreview {
      let preview = SchedulePreview(
        PreviewPropertyTests.name, before: read, edited: Array(new.utf8), context: Sample.context, now: now)
      document = new
      watermark = preview.kept ?? watermark
      return preview
    }
  }

  /// The due time of the first run that the daemon sends from now on; nil: none within a month.
  private static func first(_ bench: inout SchedulerBench, _ begun: [Scheduler.Action]) -> UnixTime? {
    if let plan = begun.fires.first ?? bench.run(0).fires.first { return plan.due }
    for _ in 0..<20 {
      guard let timer = bench.timer, timer.microseconds(since: bench.now) < 31 * 86_400_000_000 else { return nil }
      bench.now = max(bench.now, timer)
      if let plan = bench.receive(.timerFired).fires.first { return plan.due }
    }
    return nil
  }

  static func started(_ store: Store, at now: UnixTime) -> (SchedulerBench, [Scheduler.Action]) {
    var bench = SchedulerBench()
    bench.now = now
    let actions = bench.load(name, store.document, store.watermark)
    return (bench, actions)
  }

  // MARK: chance

  private static func date(_ chance: inout SeededChance, _ now: UnixTime) -> String {
    now.advanced(by: Int64(chance.one(of: [-90_000, -400, -30, -3, 0, 3, 30, 400, 90_000])) * 1_000_000).iso8601
  }

  static func document(_ chance: inout SeededChance, _ now: UnixTime, plain: Bool) -> String {
    let when = chance.one(of: [
      #""interval": {"every": 10, "period": "seconds"}"#, #""interval": {"every": 1, "period": "hours"}"#,
      #""interval": {"every": 45, "period": "seconds", "align": true}"#,
      #""interval": {"every": 90, "period": "seconds", "relative": true}"#, #""crontab": {"minute": "*"}"#,
      #""crontab": {"minute": "1-59/2"}"#, #""crontab": {"minute": "0", "hour": "*/3"}, "timezone": "Europe/Berlin""#,
      #""clocked": {"clocked_time": "\#(date(&chance, now))"}"#,
    ])
    var fields = [#""args": [\#(chance.number(0...9))]"#]
    if chance.once(in: 4) { fields.append(#""enabled": false"#) }
    if chance.once(in: 4) { fields.append(#""start_after": "\#(date(&chance, now))""#) }
    if plain { fields.append(#""catchup": "all""#) }
    if !plain {
      if chance.once(in: 4) { fields.append(#""expires_at": "\#(date(&chance, now))""#) }
      if chance.once(in: 4) { fields.append(#""max_run_count": \#(chance.number(0...3))"#) }
      if chance.once(in: 5) { fields.append(#""one_off": true"#) }
      if chance.once(in: 4) { fields.append(#""jitter": 9"#) }
      if chance.once(in: 2) { fields.append(#""catchup": "\#(chance.one(of: ["latest", "none", "all"]))""#) }
      if chance.once(in: 4) { fields.append(#""catchup_window": \#(chance.one(of: [5, 60, 3_600]))"#) }
      if chance.once(in: 4) { fields.append(#""last_run_at": "\#(date(&chance, now.advanced(by: -86_400_000_000)))""#) }
      if chance.once(in: 6) { fields.append(#""total_run_count": \#(chance.number(0...3))"#) }
    }
    let text = Sample.document(interval: nil)
    let base = fields.contains(#""enabled": false"#) ? text.replacing(#", "enabled": true"#, with: "") : text
    return "\(base.dropLast()), \(([when] + fields).joined(separator: ", "))}"
  }

  // MARK: properties

  @Test(arguments: [true, false]) func whatIsSaidIsWhatComes(plain: Bool) throws {
    var (compared, sent, missed) = (0, 0, 0)
    for seed in 1...400 {
      var chance = SeededChance(seed: UInt64(seed))
      var now = Sample.noon
      func wait() {
        now = now.advanced(by: Int64(chance.number(0...chance.one(of: [1, 20, 400, 20_000]))) * 1_000_003)
      }
      var store = Store(document: Self.document(&chance, now, plain: plain), watermark: nil)
      if chance.once(in: 2) {
        _ = SchedulePreview(
          Self.name, before: .init(.absent, watermark: nil), edited: Array(store.document.utf8),
          context: Sample.context,
          now: now
        ).kept.map { store.watermark = $0 }
      }
      for _ in 0..<chance.number(1...6) {
        wait()
        switch chance.number(0...3) {
        case 0:
          // A daemon runs for a while.
          var (bench, begun) = Self.started(store, at: now)
          store.keep(begun)
          for _ in 0..<chance.number(0...3) {
            guard let timer = bench.timer, timer.microseconds(since: now) < 4_000_000_000 else { break }
            let actions = bench.run(max(0, Double(timer.microseconds(since: bench.now))) / 1_000_000)
            store.keep(actions)
            for plan in actions.fires { (store.document, store.watermark) = (String(plan.newDocument), plan.watermark) }
          }
          now = bench.now
        case 1: store.document = Self.document(&chance, now, plain: plain)
        default:
          // A command edits, beside a daemon that runs, and without one.
          var (live, begun) = Self.started(store, at: now)
          let before = store
          let isQuiet = begun.fires.isEmpty
          store.keep(begun)
          let said = store.edit(Self.document(&chance, now, plain: plain), at: now)
          if isQuiet {
            let edited = live.edit(Self.name, store.document, store.watermark)
            let first = Self.first(&live, edited)
            #expect(first == said.next?.due, "seed \(seed): live, \(before.document) -> \(store.document)")
          }
          var alone = before
          let alsoSaid = alone.edit(store.document, at: now)
          #expect(
            alsoSaid.next?.due == said.next?.due,
            "seed \(seed): beside a daemon and alone, \(before.document) -> \(store.document)")
          store = alone
          wait()
          var (later, started) = Self.started(store, at: now)
          let first = Self.first(&later, started)
          if let next = alsoSaid.next, next.sent >= now || plain {
            #expect(first == next.due, "seed \(seed): later, \(before.document) -> \(store.document)")
            if next.sent < now { missed += 1 } else { sent += 1 }
          }
        }
        let said = store.preview(at: now).next
        var (daemon, begun) = Self.started(store, at: now)
        #expect(Self.first(&daemon, begun) == said?.due, "seed \(seed): at a start, \(store.document)")
        if said != nil { compared += 1 }
      }
    }
    #expect(compared > 500 && sent > 50 && (missed > 20 || !plain), "\(compared) \(sent) \(missed)")
  }
}
