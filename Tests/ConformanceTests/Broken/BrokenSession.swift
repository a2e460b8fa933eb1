@testable import BeatCore

/// A session whose fault is in one method of one port.
final class BrokenSession: StoreSession {
  let sound: any StoreSession
  let stage: BrokenStage
  let fault: StoreFault

  init(_ sound: any StoreSession, _ stage: BrokenStage) {
    (self.sound, self.stage, fault) = (sound, stage, stage.fault)
  }

  var schedules: any ScheduleStore { BrokenSchedules(self) }
  var leases: any LeaseStore { BrokenLeases(self) }
  var daemons: any DaemonRegistry { BrokenBeside(self) }
  var receipts: any ReceiptStore { BrokenBeside(self) }
  var requests: any ManualRequests { BrokenBeside(self) }
  var application: any ApplicationStore { BrokenBeside(self) }
  var outbox: any Outbox { BrokenOutbox(self) }
  var delivery: Delivery { sound.delivery }
  var routes: RouteRules? { sound.routes }

  func rehearse(isLoaded: Bool, then: @escaping (Candidacy.Proof) -> Void) {
    sound.rehearse(isLoaded: isLoaded, then: then)
  }
  func cancelRehearsal() { if fault != .aRehearsalCannotBeCancelled { sound.cancelRehearsal() } }
  func explain(_ refusal: Refusal, about question: StoreQuestion, then: @escaping (StoreExplanation) -> Void) {
    sound.explain(refusal, about: question, then: then)
  }
  func foreignPlaces(then: @escaping ([String]) -> Void) { sound.foreignPlaces(then: then) }
  var isDubious: Bool { sound.isDubious }
  func doubt(_ names: [EntryName]) -> PlaceDoubt? { sound.doubt(names) }
  func neighbours(then: @escaping ([EntryName]?) -> Void) { sound.neighbours(then: then) }
  func suspectLongNames() { sound.suspectLongNames() }
}

/// Faults of documents, fires and watermarks.
final class BrokenSchedules: ScheduleStore {
  private let sound: any ScheduleStore
  private let stage: BrokenStage
  private let fault: StoreFault

  init(_ session: BrokenSession) {
    (sound, stage, fault) = (session.sound.schedules, session.stage, session.fault)
  }

  func names(from position: ScanPosition?, then completion: @escaping Completion<NamePage>) {
    switch fault {
    case .aWalkEndsAfterItsFirstPage:
      sound.names(from: position) { completion($0.map { NamePage(next: nil, names: $0.names) }) }
    case .aPageHasAllNames:
      var all: [EntryName] = []
      func step(_ position: ScanPosition?) {
        sound.names(from: position) { result in
          guard case .success(let page) = result else { return completion(result) }
          all += page.names
          if let next = page.next { step(next) } else { completion(.success(NamePage(next: nil, names: all))) }
        }
      }
      step(position)
    default: sound.names(from: position, then: completion)
    }
  }

  func read(_ names: [EntryName], then completion: @escaping Completion<[Scheduler.DocumentRead]>) {
    switch fault {
    case .aReadIsInAnotherOrder: sound.read(names.reversed(), then: completion)
    case .aReadForgetsWatermarks:
      sound.read(names) { completion($0.map { $0.map { Scheduler.DocumentRead($0.content, .absent) } }) }
    case .aReadIsUnbounded:
      let reads = names.map { name in
        Scheduler.DocumentRead(stage.document(of: name).map { .document($0) } ?? .absent, .absent)
      }
      sound.read(names) { completion($0.map { _ in reads }) }
    case .answersTwice:
      sound.read(names) {
        completion($0)
        completion($0)
      }
    default: sound.read(names, then: completion)
    }
  }

  func commit(_ plans: [FirePlan], outcome: @escaping (FirePlan, FireOutcome) -> Void) {
    switch fault {
    case .compareAndSetAlwaysWins:
      commit(
        plans,
        by: { $0.replacing(document: self.stage.document(of: $0.entry) ?? $0.oldDocument, watermark: $0.watermark) },
        outcome)
    case .aFireLeavesNoWatermark:
      commit(
        plans, by: { $0.replacing(document: $0.oldDocument, watermark: Sample.watermark(UnixTime(microseconds: 1))) },
        outcome)
    case .aBatchIsCarriedOutBackwards: sound.commit(plans.reversed(), outcome: outcome)
    case .oneOutcomeForABatch:
      var first: FireOutcome?
      sound.commit(plans) {
        first = first ?? $1
        outcome($0, first ?? $1)
      }
    default:
      sound.commit(plans) { [fault] plan, told in
        switch (told, fault) {
        case (.alreadyMine, .aRepeatCountsAsAFire), (.early, .firesEarly), (.unknown, .aLostOutcomeCountsAsDone),
          (.refused, .aFullOutboxCountsAsRoom):
          outcome(plan, .fired)
        case (.gone, .aGoneDocumentCountsAsChanged): outcome(plan, .changed)
        default: outcome(plan, told)
        }
      }
    }
  }

  /// Commits other plans in the place of the given ones.
  private func commit(
    _ plans: [FirePlan], by replacement: (FirePlan) -> FirePlan, _ outcome: @escaping (FirePlan, FireOutcome) -> Void
  ) {
    let others = plans.map(replacement)
    sound.commit(others) { other, told in
      if let place = others.firstIndex(where: { $0 === other }) { outcome(plans[place], told) }
    }
  }

  func putAbsent(
    _ watermarks: [(name: EntryName, watermark: Watermark)], then completion: @escaping Completion<[EntryName]>
  ) {
    switch fault {
    case .putAbsentOverwrites:
      for (name, watermark) in watermarks { stage.damage(watermarkOf: name, with: watermark.bytes) }
      sound.putAbsent(watermarks, then: completion)
    case .answersInside:
      completion(.success([]))
      sound.putAbsent(watermarks) { _ in }
    case .aLostAnswerCountsAsDone: sound.putAbsent(watermarks) { completion(.success((try? $0.get()) ?? [])) }
    default: sound.putAbsent(watermarks, then: completion)
    }
  }

  func replace(
    _ name: EntryName, expecting expectation: WatermarkExpectation, with watermark: Watermark,
    then completion: @escaping Completion<Bool>
  ) {
    guard fault == .replaceAlwaysWins else {
      return sound.replace(name, expecting: expectation, with: watermark, then: completion)
    }
    stage.damage(watermarkOf: name, with: watermark.bytes)
    sound.replace(name, expecting: .due(watermark.due), with: watermark, then: completion)
  }

  func sweepWatermarks(
    from position: ScanPosition?, _ ages: WatermarkAges, then completion: @escaping Completion<WatermarkSweepPage>
  ) {
    var ages = ages
    if fault == .aSweepForgetsAll { (ages.fired, ages.seen) = (ages.latest, ages.latest) }
    sound.sweepWatermarks(from: position, ages, then: completion)
  }
}

extension FirePlan {
  /// The same fire of another document, and with another watermark.
  fileprivate func replacing(document: [UInt8], watermark: Watermark) -> FirePlan {
    FirePlan(
      entry: entry, task: task, taskID: taskID, due: due, oldDocument: document, newDocument: newDocument,
      message: message, route: route, priority: priority, watermark: watermark, reason: reason)
  }
}

/// Faults of the heartbeat and the lease.
final class BrokenLeases: LeaseStore {
  private let sound: any LeaseStore
  private let stage: BrokenStage
  private let fault: StoreFault

  init(_ session: BrokenSession) { (sound, stage, fault) = (session.sound.leases, session.stage, session.fault) }

  func beat(_ request: HeartbeatRequest, then completion: @escaping Completion<HeartbeatReply>) {
    var request = request
    if fault == .anOfferIsNotHeard, request.claim == .offered { request.claim = .free }
    if fault == .takesWithoutAsking { request.claim = .free }
    sound.beat(request) { [fault] result in
      completion(
        result.map { reply in
          var reply = reply
          switch (fault, reply.lease) {
          case (.twoHoldTheLease, .other(let token, _, _)): reply.lease = .held(token: token)
          case (.aTokenComesAgain, .held): reply.lease = .held(token: "a:1")
          case (.theHeartbeatBeforeIsForgotten, _): reply.previousSequence = nil
          case (.theWordNeverChanges, _): reply.incarnation = "word"
          default: break
          }
          return reply
        })
    }
  }

  func release(then completion: @escaping Completion<Void>) {
    switch fault {
    case .releaseDoesNothing:
      sound.beat(HeartbeatRequest(sequence: 1, leaseTTL: nil)) { completion($0.map { _ in }) }
    case .anyoneMayRelease:
      stage.sound.deleteLease()
      sound.release(then: completion)
    default: sound.release(then: completion)
    }
  }
}
