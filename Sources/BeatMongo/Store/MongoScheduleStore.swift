import BeatCore
import BeatLoop

/// The users' documents, and their watermarks in the marks beside them.
final class MongoScheduleStore: ScheduleStore {
  private let calls: MongoCalls
  private let walks: MongoWalks
  private let context: MongoSessionContext
  private let fence: () -> String
  private let aliases: MongoAliases
  /// Gets the server's words about what it refused of that which a fire can do without.
  private let lacked: (String) -> Void

  init(
    _ calls: MongoCalls, _ walks: MongoWalks, _ context: MongoSessionContext, aliases: MongoAliases,
    fence: @escaping () -> String, lacked: @escaping (String) -> Void
  ) {
    self.calls = calls
    self.walks = walks
    self.context = context
    self.aliases = aliases
    self.fence = fence
    self.lacked = lacked
  }

  func names(from position: ScanPosition?, then completion: @escaping Completion<NamePage>) {
    let walk = NameWalk(place: context.place, cursor: position.flatMap { Int64($0.text) })
    walks.step(of: .names, from: position, { client throws(MongoError) in try walk.step(by: client) }, next: \.next) {
      [aliases] result in
      completion(
        result.map { step, next in
          NamePage(next: next, names: step.found.map { aliases.name(of: $0) }, ignored: step.ignored)
        })
    }
  }

  func read(_ names: [EntryName], then completion: @escaping Completion<[Scheduler.DocumentRead]>) {
    let places = names.map { aliases.place(of: $0) }
    let read = ScheduleRead(context: context, places: places)
    calls.perform({ client throws(MongoError) in try read.result(by: client) }) { [aliases] result in
      if case .success(let found) = result { aliases.note(found.others, of: names) }
      completion(result.map(\.reads))
    }
  }

  // MARK: fires

  func commit(_ plans: [FirePlan], outcome: @escaping (FirePlan, FireOutcome) -> Void) {
    var slice: [FirePlan] = []
    var size = 0
    for plan in plans {
      let length = plan.oldDocument.count + plan.newDocument.count + plan.message.count
      if !slice.isEmpty, slice.count == FireCommit.most || size + length > FireCommit.largest {
        send(slice, outcome)
        (slice, size) = ([], 0)
      }
      slice.append(plan)
      size += length
    }
    if !slice.isEmpty { send(slice, outcome) }
  }

  private func send(_ plans: [FirePlan], _ outcome: @escaping (FirePlan, FireOutcome) -> Void) {
    let commit = FireCommit(context: context, token: fence())
    calls.perform({ client throws(MongoError) in try commit.result(of: plans, by: client) }) { [self] result in
      switch result {
      case .success(let result):
        for lack in result.lacks { lacked(lack) }
        for (plan, answer) in zip(plans, result.outcomes) { outcome(plan, answer) }
        // The outcomes have begun the messages' way to the broker.
        if let followUp = result.followUp { carryOut(followUp) }
      case .failure(let refusal):
        let answer: FireOutcome =
          switch refusal.kind {
          case .lost: .unknown
          case .forbidden: .forbidden("MongoDB refused to fire: \(refusal.text)")
          case .foreign, .other: .refused("MongoDB refused to fire: \(refusal.text)")
          }
        for plan in plans { outcome(plan, answer) }
      }
    }
  }

  private func carryOut(_ followUp: FireFollowUp) {
    calls.perform({ client throws(MongoError) in try followUp.result(by: client) }) { [lacked] result in
      switch result {
      case .success(let lacks): for lack in lacks { lacked(lack) }
      case .failure(let refusal): if refusal.kind != .lost { lacked(refusal.text) }
      }
    }
  }

  // MARK: watermarks

  func putAbsent(
    _ watermarks: [(name: EntryName, watermark: Watermark)], then completion: @escaping Completion<[EntryName]>
  ) {
    let write = WatermarkWrite(context: context, token: "")
    calls.perform({ client throws(MongoError) in try write.putAbsent(watermarks, by: client) }, then: completion)
  }

  func replace(
    _ name: EntryName, expecting expectation: WatermarkExpectation, with watermark: Watermark,
    then completion: @escaping Completion<Bool>
  ) {
    let write = WatermarkWrite(context: context, token: fence())
    calls.perform(
      { client throws(MongoError) in
        try write.replace(name, expecting: expectation, with: watermark, by: client)
      }, then: completion)
  }

  func sweepWatermarks(
    from position: ScanPosition?, _ ages: WatermarkAges, then completion: @escaping Completion<WatermarkSweepPage>
  ) {
    let sweep = MarkSweep(place: context.place, ages: ages, cursor: position.flatMap { Int64($0.text) })
    walks.step(of: .marks, from: position, { client throws(MongoError) in try sweep.step(by: client) }, next: \.next) {
      result in
      completion(
        result.map { step, next in
          WatermarkSweepPage(next: next, forgotten: step.forgotten, fired: step.fired, seen: step.seen)
        })
    }
  }
}
