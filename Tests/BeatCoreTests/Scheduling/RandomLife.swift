@testable import BeatCore

/// A scheduler that receives random events about three schedules, in any order: documents, watermarks that fit them and
/// that do not, answers, steps of the clock, loads that begin and end, a store that is replaced. Its actions become a
/// digest, by which two versions of the code can be compared.
struct RandomLife {
  private var chance: SeededChance
  private var scheduler = Scheduler(SchedulerBench.configuration { $0.maximumDocumentLength = 4_096 })
  private var now = Sample.noon
  private var plans: [FirePlan] = []
  private var timer: UnixTime?
  /// The stored documents; a read may still return something else.
  private var documents: [EntryName: [UInt8]] = [:]
  private var watermarks: [EntryName: Watermark] = [:]
  private(set) var digest: UInt64 = 0xCBF2_9CE4_8422_2325
  /// Whether the scheduler has reported an error of its own, or has lost a place.
  private(set) var hasErred = false
  /// The events and the actions, if they are to be printed.
  private(set) var trace: [String] = []
  private let isTraced: Bool

  private static let names = ["a", "b", "c"].map { EntryName($0) }

  init(seed: UInt64, isTraced: Bool = false) {
    chance = SeededChance(seed: seed)
    self.isTraced = isTraced
  }

  mutating func live(_ events: Int) {
    for _ in 0..<events {
      if chance.once(in: 3) {
        let most = chance.one(of: [1, 9, 40, 4_000, 90_000])
        now = now.advanced(by: Int64(chance.number(0...most)) * 1_000_003)
      }
      let event = event()
      if isTraced { trace.append("\(now.iso8601) \(event.map(Self.text) ?? "")") }
      if let event { receive(event) }
    }
  }

  private mutating func receive(_ event: Scheduler.Event) {
    let actions = scheduler.receive(event, now: now)
    // A set has no order, so reads and removals may come in any order.
    var unordered: UInt64 = 0
    for action in actions {
      perform(action)
      let text = Self.text(action)
      switch action {
      case .read, .report(.removed): unordered &+= Self.hash(text, 0)
      default: digest = Self.hash(text, digest)
      }
      if isTraced { trace.append("  \(text)") }
    }
    digest = Self.hash("\(unordered)", digest)
    for name in Self.names {
      let account = scheduler.account(of: name)
      let state =
        "\(account?.verdict.words ?? "-") \(account?.base?.microseconds ?? 0) \(scheduler.isQuiet(name))"
        + " \(scheduler.isPresent(name))"
      digest = Self.hash(state, digest)
      if isTraced { trace.append("    \(name) \(state)") }
    }
    digest = Self.hash("\(scheduler.placesHold)", digest)
    if !scheduler.placesHold || actions.warnings.contains(where: { $0.hasPrefix("an error of the daemon") }) {
      hasErred = true
    }
  }

  private mutating func perform(_ action: Scheduler.Action) {
    switch action {
    case .fire(let plan): plans.append(plan)
    case .armTimer(let time): timer = time
    case .anchor(let name, let watermark) where !chance.once(in: 4): watermarks[name] = watermarks[name] ?? watermark
    case .rebase(let name, let from, let watermark) where !chance.once(in: 4):
      if watermarks[name]?.due == from { watermarks[name] = watermark }
    default: break
    }
  }

  // MARK: chance

  private mutating func event() -> Scheduler.Event? {
    let name = chance.one(of: Self.names)
    switch chance.number(0...39) {
    case 0...15: return .read(name, read(name))
    case 16...21:
      guard timer != nil || chance.once(in: 4) else { return nil }
      timer.map { now = max(now, min($0, now.advanced(by: 100_000_000))) }
      return .timerFired
    case 22...28:
      guard !plans.isEmpty else { return nil }
      let plan = plans.remove(at: chance.number(0...(plans.count - 1)))
      return .fireEnded(plan, outcome(plan))
    case 29: return .touched(name)
    case 30: return chance.once(in: 2) ? .loadStarted(.direct) : .refreshStarted
    case 31...33: return .loadFinished
    case 34: return .clockTold
    case 35: return chance.once(in: 2) ? .leadershipChanged(chance.once(in: 2)) : .leadershipChanged(true)
    case 36:
      let step = Int64(chance.one(of: [-90_000, -20_000, -400, -3, -1, 1, 3, 400, 20_000, 90_000])) * 1_000_000
      now = now.advanced(by: step)
      return .clockStepped(by: step)
    case 37: return chance.once(in: 3) ? .storeReplaced : .obstacleGone
    case 38: return chance.once(in: 2) ? .disconnected : .documentsChanged(Sample.context)
    default: return .relayed(waiting: chance.one(of: [nil, 0, 100_000]))
    }
  }

  private mutating func outcome(_ plan: FirePlan) -> FireOutcome {
    let outcome: FireOutcome = chance.one(of: [
      .fired, .fired, .fired, .fired, .fired, .fired, .alreadyMine, .already, .gone, .changed,
      .early(serverTime: plan.due.advanced(by: -Int64(chance.number(1...9)) * 300_000)), .fenced, .refused("no room"),
      .refused("no list"), .forbidden("may not"), .wrongServer("READONLY"), .unknown, .unknown,
    ])
    // An unknown outcome leaves open whether the store has changed.
    if outcome == .fired || outcome == .unknown && chance.once(in: 2) {
      (documents[plan.entry], watermarks[plan.entry]) = (plan.newDocument, plan.watermark)
    }
    return outcome
  }

  private mutating func read(_ name: EntryName) -> Scheduler.DocumentRead {
    switch chance.number(0...23) {
    case 0: documents[name] = nil
    case 1: return .init(.unusable(Sample.unusable), watermarkState(name))
    case 2: return .init(.tooLong(5_000), watermarkState(name))
    case 3: documents[name] = Array("{\"name\"".utf8)
    case 4...9: documents[name] = Array(PreviewPropertyTests.document(&chance, now, plain: false).utf8)
    case 10, 11: documents[name] = edited(name)
    default: break
    }
    return .init(documents[name].map { .document($0) } ?? .absent, watermarkState(name))
  }

  /// The document with one field more or less, in its bookkeeping or elsewhere.
  private mutating func edited(_ name: EntryName) -> [UInt8]? {
    guard let bytes = documents[name], bytes.last == UInt8(ascii: "}"), let layout = try? DocumentLayout(bytes) else {
      return documents[name]
    }
    let seconds = Int64(chance.one(of: [-90_000, -400, -20, -3, 0, 3, 400]))
    switch chance.number(0...3) {
    case 0:
      return layout.fired(due: now.advanced(by: seconds * 1_000_000), count: Int64(chance.number(0...9))).bytes
    case 1: return bytes.dropLast() + Array(#", "run_immediately": true}"#.utf8)
    case 2: return bytes.dropLast() + Array(#", "queue": "q\#(chance.number(0...9))"}"#.utf8)
    default: return bytes.dropLast() + Array(#", "max_run_count": \#(chance.number(0...9))}"#.utf8)
    }
  }

  private mutating func watermarkState(_ name: EntryName) -> WatermarkState {
    switch chance.number(0...29) {
    case 0: watermarks[name] = nil
    case 1: return .absent
    case 2: return .unreadable(Array("\(Watermark.digits(now.advanced(by: -30_000_000)))|??".utf8))
    case 3: return .unreadable(Array("nothing".utf8))
    case 4...7:
      let seconds = Int64(chance.one(of: [-90_000, -400, -20, -3, 0, 3, 400, 90_000]))
      var watermark = Watermark(
        due: now.advanced(by: seconds * 1_000_000), taskID: chance.once(in: 2) ? TaskID(text: "some id") : nil,
        totalRunCount: Int64(chance.number(0...9)), digest: digest(name))
      if chance.once(in: 6), watermark.digest != nil { watermark.trailing = Array("|more".utf8) }
      if chance.once(in: 2) { return .read(watermark) }
      watermarks[name] = watermark
    case 8:
      let digest = digest(name)
      watermarks[name]?.digest = digest
    default: break
    }
    return watermarks[name].map { .read($0) } ?? .absent
  }

  private mutating func digest(_ name: EntryName) -> ScheduleDigest? {
    let other = chance.one(of: Self.names)
    let bytes = documents[chance.one(of: [name, name, name, other])] ?? []
    let own = (try? ScheduleDocument(bytes, context: Sample.context)).map { EntryTiming($0.definition).digest }
    return chance.one(of: [nil, .gone, .unusable, own, own, own, own?.finished, watermarks[name]?.digest])
  }

  // MARK: texts

  private static func hash(_ text: String, _ start: UInt64) -> UInt64 {
    text.utf8.reduce(start) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }

  private static func text(_ event: Scheduler.Event) -> String {
    switch event {
    case .read(let name, let read):
      var content = "\(read.content)"
      if case .document(let bytes) = read.content { content = String(bytes) }
      return "read \(name) \(content) \(read.watermark.map { String($0.bytes) } ?? "\(read.watermarkState)")"
    case .fireEnded(let plan, let outcome): return "ended \(plan.entry) \(plan.due.iso8601) \(outcome)"
    case .documentsChanged: return "documentsChanged"
    default: return "\(event)"
    }
  }

  private static func text(_ action: Scheduler.Action) -> String {
    switch action {
    case .read(let name): "read \(name)"
    case .anchor(let name, let watermark): "anchor \(name) \(String(watermark.bytes))"
    case .rebase(let name, let time, let watermark): "rebase \(name) \(time.microseconds) \(String(watermark.bytes))"
    case .mend(let name, let bytes, let watermark): "mend \(name) \(String(bytes)) \(String(watermark.bytes))"
    case .fire(let plan):
      "fire \(plan.entry) \(plan.taskID) \(plan.due.microseconds) \(plan.reason) \(String(plan.watermark.bytes))"
        + " \(String(plan.newDocument))"
    case .armTimer(let time): "armTimer \(time?.microseconds ?? 0)"
    case .report(let report): "report \(text(report))"
    }
  }

  private static func text(_ report: Scheduler.Report) -> String {
    switch report {
    case .loaded(let name, let next, let initially): "loaded \(name) \(next?.microseconds ?? 0) \(initially)"
    case .changed(let name, let next): "changed \(name) \(next?.microseconds ?? 0)"
    case .removed(let name): "removed \(name)"
    case .rejected(let name, let reason): "rejected \(name) \(reason)"
    case .warned(let name, let text): "warned \(name) \(text)"
    case .fired(let plan, let time, let confirmed):
      "fired \(plan.entry) \(plan.taskID) \(plan.due.microseconds) \(time.microseconds) \(confirmed)"
    case .skipped(let name, let count, let from, let through):
      "skipped \(name) \(count) \(from.microseconds) \(through.microseconds)"
    case .deferred(let name, let due, let reason, let until):
      "deferred \(name) \(due.microseconds) \(reason) \(until.microseconds)"
    case .finished(let name, let reason): "finished \(name) \(reason)"
    case .watermarkDamaged(let name, let bytes): "damaged \(name) \(String(bytes))"
    case .ready(let schedules, let rejected): "ready \(schedules) \(rejected)"
    }
  }
}

extension Scheduler.Verdict {
  fileprivate var words: String {
    switch self {
    case .accepted(let next): "accepted \(next?.microseconds ?? 0)"
    case .rejected(let reason): "rejected \(reason)"
    }
  }
}
