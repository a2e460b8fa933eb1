import Testing

@testable import BeatCore

@Suite("An entry's phases: each move that is allowed, and why each other one is not made")
struct EntryPhaseTests {
  private static let name = EntryName("a")

  private static func plan(_ due: Double) -> FirePlan {
    FirePlan(
      entry: name, task: "t", taskID: TaskID(text: "\(due)"), due: at(due), oldDocument: [], newDocument: [],
      message: [], route: Route(MessageOptions(), defaultQueue: "celery"), priority: 0, watermark: .fired(due),
      reason: .schedule)
  }

  private typealias Phase = ScheduleEntry.Phase
  private static let phases: [(name: String, Phase)] = [
    ("dormant", .dormant), ("waiting", .waiting), ("unread", .unread), ("firing", .firing(plan(1))),
    ("unresolved", .unresolved(plan(1))), ("other script", .firing(plan(2))), ("other answer", .unresolved(plan(2))),
  ]

  /// The illegal moves, by the phases from and to; all others are allowed.
  private static let illegal: [String: ScheduleEntry.IllegalMove] = [
    "dormant firing": .firedAtRest, "dormant other script": .firedAtRest,
    "dormant unresolved": .answeredWithoutScript, "dormant other answer": .answeredWithoutScript,
    "waiting unresolved": .answeredWithoutScript, "waiting other answer": .answeredWithoutScript,
    "unread firing": .firedAtRest, "unread other script": .firedAtRest,
    "unread unresolved": .answeredWithoutScript, "unread other answer": .answeredWithoutScript,
    "firing dormant": .movedUnderWay, "firing waiting": .movedUnderWay, "firing unread": .movedUnderWay,
    "firing firing": .firedTwice, "firing other script": .firedTwice, "firing other answer": .answeredWithoutScript,
    "unresolved firing": .firedAtRest, "unresolved other script": .firedAtRest,
    "unresolved unresolved": .answeredWithoutScript, "unresolved other answer": .answeredWithoutScript,
  ]

  /// An entry that was brought to the phase by the shortest way.
  private static func entry(in phase: Phase) throws -> ScheduleEntry {
    let timing = EntryTiming(try Sample.read(Sample.document()).definition)
    var entry = ScheduleEntry(name: name, document: [], timing: timing, base: at(0), totalRunCount: 0)
    let way: [Phase] =
      switch phase {
      case .dormant: []
      case .waiting: [.waiting]
      case .firing: [.waiting, phase]
      case .unread: [phase]
      case .unresolved(let plan): [.waiting, .firing(plan), phase]
      }
    for step in way { #expect(entry.transition(to: step) == nil) }
    #expect(entry.phase == phase)
    return entry
  }

  @Test func eachMove() throws {
    for (from, phase) in Self.phases where !from.hasPrefix("other") {
      for (to, next) in Self.phases {
        var entry = try Self.entry(in: phase)
        let illegal = entry.transition(to: next)
        #expect(illegal == Self.illegal["\(from) \(to)"], "\(from) -> \(to)")
        #expect(entry.phase == (illegal == nil ? next : phase), "\(from) -> \(to)")
      }
    }
    #expect(Set(Self.illegal.values) == Set(ScheduleEntry.IllegalMove.allCases))
  }

  /// Half a million schedules must fit into memory.
  @Test func anEntryIsNinetySixBytes() {
    #expect(MemoryLayout<ScheduleEntry>.stride == 96)
    #expect(MemoryLayout<ScheduleEntry?>.stride == 96)
  }
}
