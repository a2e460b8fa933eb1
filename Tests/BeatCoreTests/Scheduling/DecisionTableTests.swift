import Testing

@testable import BeatCore

@Suite("Decisions: each row of each table has an example")
struct DecisionTableTests {
  private static let every10 = Sample.document()
  private static let every4 = Sample.document(interval: #"{"every": 4, "period": "seconds"}"#)
  private static let onceThen = once(30)

  private static func once(_ seconds: Double) -> String {
    Sample.document(#""clocked": {"clocked_time": "\#(at(seconds).iso8601)"}"#, interval: nil)
  }

  // MARK: circumstances

  private static let firstLoad = load { _ in }
  private static let watching = load { _ = $0.finish() }
  private static let otherStore = load { $0.storeReplaced() }

  private static func load(_ change: (inout LoadState) -> Void) -> LoadState {
    var load = LoadState()
    _ = load.begin(whileWatching: false)
    change(&load)
    return load
  }

  /// What a read finds, at 100 seconds.
  private static func seen(
    _ watermark: Watermark?, last: Double? = nil, _ load: LoadState = watching, mayLack: Bool = false
  ) -> Sighting {
    Sighting(
      watermark, lastRunAt: last.map { at($0) }, of: .clocked(at(0)), stepAhead: nil, load: load,
      mayLackOwnWatermark: mayLack, now: at(100))
  }

  /// An entry that counts from 50 seconds, and has read the watermark of that time.
  private static func entry(
    _ document: String = every10, base: Double = 50, _ change: (inout ScheduleEntry) -> Void = { _ in }
  ) throws -> ScheduleEntry {
    let timing = EntryTiming(try Sample.read(document).definition)
    var entry = ScheduleEntry(
      name: EntryName("a"), document: Array(document.utf8), timing: timing, base: at(base), totalRunCount: 3)
    entry.progress.watermarkSeen = Watermark.Fingerprint(try Watermark.fired(50).under(document))
    change(&entry)
    return entry
  }

  private static func firing(_ entry: inout ScheduleEntry) {
    let plan = FirePlan(
      entry: entry.name, task: "t", taskID: TaskID(text: "x"), due: at(60), oldDocument: [], newDocument: [],
      message: [], route: Route(MessageOptions(), defaultQueue: "celery"), priority: 0, watermark: .fired(60),
      reason: .schedule)
    #expect(entry.transition(to: .waiting) == nil && entry.transition(to: .firing(plan)) == nil)
  }

  /// An entry, what a read finds, and the time from which the entry counts afterwards.
  private typealias Example = (entry: ScheduleEntry, seen: Sighting, base: Double)

  @Test func fromWhereAKnownScheduleCountsOn() throws {
    let examples: [Recount: [Example]] = [
      .storeEmptied: [
        (try Self.entry(), Self.seen(nil, Self.firstLoad), 100),
        (try Self.entry { $0.progress.watermarkBefore = .earliest }, Self.seen(nil, Self.otherStore), 100),
      ],
      .ownWatermarkUnderWay: [(try Self.entry(), Self.seen(nil, mayLack: true), 50)],
      .nothingToLeaveOut: [
        (try Self.entry(Self.onceThen), Self.seen(nil), 50),
        (try Self.entry(Self.every10, base: 50, Self.firing), Self.seen(nil), 50),
      ],
      .watermarkLost: [(try Self.entry(), Self.seen(nil), 100)],
      .laterRunRemembered: [(try Self.entry(), Self.seen(nil, last: 60), 60)],
      .runRemembered: [
        (try Self.entry(), Self.seen(nil, last: 40), 50),
        (try Self.entry(), Self.seen(nil, last: 50, Self.firstLoad), 50),
      ],
      .storeWentBack: [
        (try Self.entry(), Self.seen(.fired(30), Self.firstLoad), 30),
        (try Self.entry(), Self.seen(.fired(30), last: 40, Self.firstLoad), 40),
      ],
      .clockWentBack: [(try Self.entry(base: 200), Self.seen(.fired(50)), 50)],
      .seenEarlier: [
        (try Self.entry { $0.progress.watermarkBefore = .earliest }, Self.seen(.seen(40)), 40),
        (try Self.entry { $0.progress.watermarkBefore = at(30) }, Self.seen(.fired(40), last: 45), 45),
      ],
      .laterRunInDocument: [
        (try Self.entry(), Self.seen(.fired(50), last: 60), 60),
        (try Self.entry(), Self.seen(.fired(60), last: 70), 70),
        (try Self.entry(), Self.seen(.fired(30), last: 60), 60),
      ],
      .newerWatermark: [
        (try Self.entry(), Self.seen(.fired(60)), 60), (try Self.entry(), Self.seen(.fired(60), last: 60), 60),
      ],
      .asKnown: [(try Self.entry(), Self.seen(.fired(50), last: 50), 50)],
      .olderInReplacedStore: [(try Self.entry(), Self.seen(.fired(30), Self.otherStore), 50)],
      .staleWatermark: [
        (try Self.entry(), Self.seen(.fired(30)), 50),
        // This daemon's own watermark is on its way to replace it.
        (try Self.entry { $0.progress.watermarkBefore = at(30) }, Self.seen(.fired(30), Self.firstLoad), 50),
      ],
    ]
    #expect(Set(examples.keys) == Set(Recount.allCases))
    for (row, examples) in examples {
      for (entry, seen, base) in examples {
        var entry = entry
        let before = entry.progress.base
        #expect(Recount(entry, seen) == row, "\(row.rawValue)")
        let isMoved = row.apply(seen, to: &entry)
        #expect(entry.progress.base == at(base), "\(row.rawValue)")
        #expect(isMoved == (row == .storeEmptied || entry.progress.base != before), "\(row.rawValue)")
        #expect(row.keepsWatermark == (seen.stored == nil), "\(row.rawValue)")
      }
    }
  }

  @Test func fromWhereAScheduleCountsThatWasNotKnown() throws {
    let gone = Watermark.fired(50).ofGone
    let runs = Sample.document(#""last_run_at": "\#(at(40).iso8601)""#)
    let examples: [FirstSight: [(document: String, seen: Sighting, isMended: Bool, base: Double)]] = [
      .made: [(Self.every10, Self.seen(nil), false, 100), (Self.once(30), Self.seen(nil), false, 29.999_999)],
      .madeAgain: [
        (Self.every10, Self.seen(gone), false, 100), (Self.every10, Self.seen(gone, Self.firstLoad), false, 100),
        (Self.every10, Self.seen(try Watermark.fired(50).under(Self.every4)), false, 100),
        (Self.once(30), Self.seen(gone), false, 50),
      ],
      .mended: [(Self.every10, Self.seen(try Watermark.fired(50).under(Self.every10)), true, 50)],
      .mendedToOtherInstant: [(Self.once(30), Self.seen(try Watermark.fired(20).under(Self.once(20))), true, 20)],
      .cameBack: [
        (runs, Self.seen(gone, last: 40, Self.firstLoad), false, 50), (runs, Self.seen(gone, last: 40), false, 50),
        (runs, Self.seen(try Watermark.fired(50).under(Self.every4), last: 40), false, 50),
      ],
      .otherInstant: [
        (Self.once(30), Self.seen(try Watermark.fired(20).under(Self.once(20)), Self.firstLoad), false, 20)
      ],
      .editedUnheard: [
        (Self.every10, Self.seen(try Watermark.fired(50).under(Self.every4), Self.firstLoad), false, 50)
      ],
      .known: [
        (Self.every10, Self.seen(try Watermark.fired(50).under(Self.every10), Self.firstLoad), false, 50),
        (runs, Self.seen(.fired(30), last: 40), false, 40),
      ],
      .remembered: [(runs, Self.seen(nil, last: 40), false, 40)],
      .found: [(Self.every10, Self.seen(nil, Self.firstLoad), false, 100)],
    ]
    #expect(Set(examples.keys) == Set(FirstSight.allCases))
    for (row, examples) in examples {
      for (text, seen, isMended, base) in examples {
        let document = try Sample.read(text)
        let decided = FirstSight.entry(EntryName("a"), Array(text.utf8), document, seen, isMended: isMended)
        #expect(decided.row == row, "\(row.rawValue)")
        #expect(decided.entry.progress.base == at(base), "\(row.rawValue)")
        #expect(decided.entry.floor == (row == .mended || row == .editedUnheard ? at(100) : nil), "\(row.rawValue)")
      }
    }
  }

  @Test func whetherAnEditedScheduleBeginsNow() throws {
    let disabled = Sample.document(#""enabled": false"#)
    let later = Sample.document(#""start_after": "\#(at(300).iso8601)""#)
    let known = try Watermark.fired(50).under(Self.every10)
    func ran(_ document: String, _ seconds: Double = 60) throws -> Watermark {
      try Watermark.fired(seconds).under(document)
    }
    let examples: [Edit: [(old: String, new: String, seen: Sighting)]] = [
      .samePhase: [
        (Self.every10, Sample.document(#""queue": "q""#), Self.seen(known)), (Self.every10, disabled, Self.seen(known)),
        (Self.every10, Self.every10, Self.seen(.fired(30))),
      ],
      .otherInstant: [(Self.once(200), Self.onceThen, Self.seen(nil))],
      .otherSchedule: [(Self.every10, Self.every4, Self.seen(known)), (Self.once(200), Self.every4, Self.seen(nil))],
      .otherBeginning: [(Self.every10, later, Self.seen(known))],
      .enabledAgain: [(disabled, Self.every10, Self.seen(try Watermark.fired(50).under(disabled)))],
      .endLifted: [(Sample.document(#""max_run_count": 3"#), Self.every10, Self.seen(known))],
      .switchedBack: [(Self.every10, Self.every10, Self.seen(try ran(Self.every4)))],
      .inForceAlready: [
        (Self.every10, Self.every4, Self.seen(try ran(Self.every4))),
        (Self.every10, Self.every4, Self.seen(.fired(60))),
      ],
      .cameBack: [
        (Self.every10, Self.every4, Self.seen(known.ofGone, last: 40)),
        (Self.every10, Self.every4, Self.seen(nil, last: 40, Self.firstLoad)),
      ],
    ]
    #expect(Set(examples.keys) == Set(Edit.allCases))
    for (row, examples) in examples {
      for (old, new, seen) in examples {
        var entry = try Self.entry(old)
        let (before, wasOver) = (entry.timing, entry.isOver(at: at(100)))
        entry.timing = EntryTiming(try Sample.read(new).definition)
        #expect(
          Edit(of: entry, from: before, wasOver: wasOver, base: at(50), seen) == row,
          "\(row.rawValue): \(old) -> \(new)")
      }
    }
  }

  @Test func whatAWatermarkTellsOfBytesThatAreKnown() throws {
    let other = try Watermark.fired(60).under(Self.every4)
    let gone = Watermark.fired(60).ofGone
    func unread(_ entry: inout ScheduleEntry) {
      entry.floor = at(80)
      #expect(entry.transition(to: .unread) == nil)
    }
    let examples: [Reread: [(entry: ScheduleEntry, seen: Sighting, remembersRuns: Bool)]] = [
      .asKnown: [
        (try Self.entry(), Self.seen(try Watermark.fired(60).under(Self.every10)), false),
        (try Self.entry(), Self.seen(.fired(60)), false),
      ],
      .editedAndBack: [
        (try Self.entry(), Self.seen(other, Self.firstLoad), true),
        (try Self.entry(), Self.seen(gone, Self.firstLoad), false),
      ],
      .keptWhileStandingBy: [
        (try Self.entry(Self.every10, base: 50, unread), Self.seen(try Watermark.fired(50).under(Self.every10)), false)
      ],
      .otherSchedule: [
        (try Self.entry(), Self.seen(other), false), (try Self.entry(), Self.seen(gone, Self.firstLoad), true),
      ],
    ]
    #expect(Set(examples.keys) == Set(Reread.allCases))
    for (row, examples) in examples {
      for (entry, seen, remembersRuns) in examples {
        let decided = Reread(entry, seen, isOther: Reread.isOther(entry, seen)) { remembersRuns }
        #expect(decided == row, "\(row.rawValue)")
      }
    }
  }

  @Test func whichOfSeveralOccurrencesIsSent() throws {
    let examples: [Lateness: (document: String, now: Double)] = [
      .ended: (Sample.document(#""expires_at": "\#(at(65).iso8601)""#), 65),
      .asked: (Sample.document(#""run_immediately": true"#), 90),
      .inTime: (Self.every10, 70),
      .latest: (Self.every10, 70.000_001),
      .skipped: (Sample.document(#""catchup": "none""#), 71),
      .all: (Sample.document(#""catchup": "all""#), 71),
    ]
    #expect(Set(examples.keys) == Set(Lateness.allCases))
    for (row, (document, now)) in examples {
      let entry = try Self.entry(document) { $0.noticeImmediate(now: at(60)) }
      #expect(Lateness(of: at(60), entry, now: at(now), grace: 10_000_000) == row, "\(row.rawValue)")
    }
  }
}
