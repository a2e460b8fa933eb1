import BeatCore
import BeatLoop

/// The documents, each a string under the key prefix, and their watermarks, in one hash.
final class RedisScheduleStore: ScheduleStore {
  /// The COUNT of one step of SCAN.
  private static let scanCount = 500
  private static let sweepCount = 100
  private static let sweepScript = LuaScript(embedded: PackageResources.sweep_lua)

  private let scripts: StoreScripts
  private let queues: QueueLookup
  private let batches: FireBatches
  private let fence: () -> String
  private let loop: EventLoop

  init(_ scripts: StoreScripts, _ queues: QueueLookup, on loop: EventLoop, fence: @escaping () -> String) {
    self.scripts = scripts
    self.queues = queues
    self.loop = loop
    self.fence = fence
    batches = FireBatches(scripts, fence: fence)
  }

  func names(from position: ScanPosition?, then completion: @escaping Completion<NamePage>) {
    scripts.nameScan.step(scripts, from: ScanPosition.cursor(position), count: Self.scanCount) { page, error in
      guard let page else { return completion(.failure(Refusal(error))) }
      completion(
        Result { () throws(Refusal) in
          NamePage(next: try ScanPosition.next(position, page.cursor), names: page.names, ignored: page.ignored)
        })
    }
  }

  func read(_ names: [EntryName], then completion: @escaping Completion<[Scheduler.DocumentRead]>) {
    scripts.read(names) { reads, error in completion(reads.map { .success($0) } ?? .failure(Refusal(error))) }
  }

  // MARK: fires

  func commit(_ plans: [FirePlan], outcome: @escaping (FirePlan, FireOutcome) -> Void) {
    for plan in plans { add(plan, outcome) }
    batches.flush()
  }

  private func add(_ plan: FirePlan, _ outcome: @escaping (FirePlan, FireOutcome) -> Void) {
    guard scripts.delivery == .direct else { return batches.add(plan, to: [scripts.keys.outbox], outcome: outcome) }
    queues.lists(of: plan) { [batches, loop] answer in
      switch answer {
      case .lists(let lists):
        batches.add(plan, to: lists, outcome: outcome)
        // An exchange's queues arrive later, when perhaps no other fire follows and calls `flush`.
        if case .exchange = plan.route { batches.flush() }
      // For a plain queue the refusal comes at once, but the caller expects its outcome later.
      case .refused(let reason): loop.soon { outcome(plan, .refused(reason)) }
      case .lost: outcome(plan, .unknown)
      }
    }
  }

  // MARK: watermarks

  func putAbsent(
    _ watermarks: [(name: EntryName, watermark: Watermark)], then completion: @escaping Completion<[EntryName]>
  ) {
    scripts.anchor(watermarks) { names, error in completion(names.map { .success($0) } ?? .failure(Refusal(error))) }
  }

  func replace(
    _ name: EntryName, expecting expectation: WatermarkExpectation, with watermark: Watermark,
    then completion: @escaping Completion<Bool>
  ) {
    func answer(_ isDone: Bool?, _ error: RedisServerError?) {
      completion(isDone.map { .success($0) } ?? .failure(Refusal(error)))
    }
    switch expectation {
    case .due(let time): scripts.rebase(name, from: time, to: watermark, token: fence(), then: answer)
    case .bytes(let bytes): scripts.mend(name, from: bytes, to: watermark, token: fence(), then: answer)
    }
  }

  func sweepWatermarks(
    from position: ScanPosition?, _ ages: WatermarkAges, then completion: @escaping Completion<WatermarkSweepPage>
  ) {
    let arguments = [
      Array(ScanPosition.cursor(position).utf8), Array("\(Self.sweepCount)".utf8), scripts.keys.prefix,
      Array("\(Limit.nameLength.most)".utf8), Array(Watermark.digits(ages.fired).utf8),
      Array(Watermark.digits(ages.seen).utf8),
      Array(Watermark.digits(ages.latest).utf8),
    ]
    Self.sweepScript.evaluate(on: scripts.connection, keys: [scripts.keys.watermark], arguments: arguments) { reply in
      guard let parts = reply?.array, parts.count == 4 else { return completion(.failure(Refusal(reply?.error))) }
      completion(
        Result { () throws(Refusal) in
          WatermarkSweepPage(
            next: try ScanPosition.next(position, parts[0].text), forgotten: Int(clamping: parts[1].integer ?? 0),
            fired: (parts[2].array ?? []).compactMap(\.integer), seen: (parts[3].array ?? []).compactMap(\.integer))
        })
    }
  }
}
