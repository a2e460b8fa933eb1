@testable import BeatCore

/// The store's ports, over a model's connection. What a fire can do without is there, and holds nothing.
final class ModelSession: StoreSession, ScheduleStore, LeaseStore, DaemonRegistry, ReceiptStore, ManualRequests, Outbox
{
  private typealias Reply = ModelConnector.Reply

  private let connection: ModelConnection
  private var rehearsals = 0

  init(_ connection: ModelConnection) { self.connection = connection }

  var schedules: any ScheduleStore { self }
  var leases: any LeaseStore { self }
  var daemons: any DaemonRegistry { self }
  var receipts: any ReceiptStore { self }
  var requests: any ManualRequests { self }
  var outbox: any Outbox { self }
  var delivery: Delivery { .direct }
  var routes: RouteRules? { nil }

  private var instance: String { connection.connector.instance }

  private func send<Value>(
    _ request: ModelConnector.Request, then completion: @escaping Completion<Value>,
    _ value: @escaping (Reply) -> Value?
  ) {
    connection.send(request) { reply in
      guard let reply else { return completion(.failure(.lost)) }
      if case .refused = reply { return completion(.failure(Refusal(.forbidden, "NOPERM"))) }
      if let value = value(reply) { completion(.success(value)) }
    }
  }

  private func soon(_ work: @escaping () -> Void) { connection.connector.surroundings.soon(work) }

  // MARK: schedules

  func names(from position: ScanPosition?, then completion: @escaping Completion<NamePage>) {
    send(.names(step: position.flatMap { Int($0.text) } ?? 0), then: completion) { reply in
      guard case .names(let names, let next) = reply else { return nil }
      return NamePage(next: next.map { ScanPosition("\($0)") }, names: names)
    }
  }

  func read(_ names: [EntryName], then completion: @escaping Completion<[Scheduler.DocumentRead]>) {
    send(.read(names), then: completion) { if case .read(let reads) = $0 { reads } else { nil } }
  }

  func commit(_ plans: [FirePlan], outcome: @escaping (FirePlan, FireOutcome) -> Void) {
    connection.send(.commit(plans, token: connection.fence())) { reply in
      let outcomes =
        if case .committed(let outcomes)? = reply { outcomes } else { plans.map { _ in FireOutcome.unknown } }
      for (plan, result) in zip(plans, outcomes) { outcome(plan, result) }
    }
  }

  func putAbsent(_ marks: [(name: EntryName, mark: Mark)], then completion: @escaping Completion<[EntryName]>) {
    send(.putAbsent(marks), then: completion) { if case .kept(let others) = $0 { others } else { nil } }
  }

  func replace(
    _ name: EntryName, expecting expectation: MarkExpectation, with mark: Mark,
    then completion: @escaping Completion<Bool>
  ) {
    send(.replace(name, expectation, mark, token: connection.fence()), then: completion) {
      if case .replaced(let isDone) = $0 { isDone } else { nil }
    }
  }

  func sweepMarks(from position: ScanPosition?, _ ages: MarkAges, then completion: @escaping Completion<MarkSweepPage>)
  {
    soon { completion(.success(MarkSweepPage(next: nil, forgotten: 0, fired: [], seen: []))) }
  }

  // MARK: the heartbeat and the lease

  func beat(_ request: HeartbeatRequest, then completion: @escaping Completion<HeartbeatReply>) {
    send(.heartbeat(request, instance: instance, word: "\(instance).\(request.sequence)"), then: completion) {
      if case .heartbeatAnswered(let reply) = $0 { reply } else { nil }
    }
  }

  func release(then completion: @escaping Completion<Void>) {
    send(.release(instance), then: completion) { if case .released = $0 { () } else { nil } }
  }

  // MARK: the right to lead

  func rehearse(isLoaded: Bool, then completion: @escaping (Candidacy.Proof) -> Void) {
    rehearsals += 1
    let number = rehearsals
    connection.send(.rehearse) { [weak self] reply in
      guard let self, number == rehearsals, case .rehearsed(let proof)? = reply else { return }
      completion(proof)
    }
  }

  func cancelRehearsal() { rehearsals += 1 }

  func explain(_ refusal: Refusal, about question: StoreQuestion, then completion: @escaping (StoreExplanation) -> Void)
  {
    soon { [weak connection] in
      if let connection, connection.stage != .over { completion(StoreExplanation(refusal.text, lack: refusal.words)) }
    }
  }

  // MARK: what a fire can do without

  func foreignPlaces(then completion: @escaping ([String]) -> Void) { soon { completion([]) } }
  func neighbours(then completion: @escaping ([EntryName]?) -> Void) { soon { completion(nil) } }
  func suspectLongNames() {}

  func write(_ record: DaemonRecord, then completion: @escaping Completion<Void>) { soon { completion(.success(())) } }
  func remove() {}
  func sweep() {}
  func others(then completion: @escaping Completion<[(instance: String, record: DaemonRecord)]>) {
    soon { completion(.success([])) }
  }
  func isAlive(_ instance: String, then completion: @escaping Completion<Bool>) { soon { completion(.success(false)) } }

  func write(_ receipts: [EntryName: EditReceipt?]) {}
  func page(from position: ScanPosition?, then completion: @escaping Completion<ReceiptPage>) {
    soon { completion(.success(ReceiptPage(next: nil, receipts: []))) }
  }

  func page(from position: ScanPosition?, then completion: @escaping Completion<ManualRequestPage>) {
    soon { completion(.success(ManualRequestPage(next: nil, requests: []))) }
  }
  func settle(_ request: ManualRequest, id: String, by step: ManualStep, then: @escaping (ManualOutcome) -> Void) {
    soon { then(.over) }
  }
  func refuse(_ id: String, because reason: String) {}

  func isEmpty(then completion: @escaping Completion<Bool>) { soon { completion(.success(true)) } }
  func read(
    behind skipped: Int, newest: OutboxHandle?, count: Int, bytes: Int,
    then completion: @escaping Completion<OutboxPage>
  ) {
    soon { completion(.success(OutboxPage(count: 0, items: []))) }
  }
  func remove(_ handle: OutboxHandle, then completion: @escaping Completion<Void>) { soon { completion(.success(())) } }
}

/// Nothing goes by an outbox here.
final class NoPublisher: Publisher {
  var dropsRepeats: Bool { true }
  func connect(then event: @escaping (PublisherEvent) -> Void) {}
  func disconnect() {}
  func lane(of route: Route, priority: Int64) -> Lane { Lane([]) }
  func resolve(_ items: [OutboxItem], then: @escaping ([Destination]) -> Void) {}
  func publish(
    _ item: OutboxItem, to destination: Destination, after predecessors: [TaskID],
    then: @escaping (PublishOutcome) -> Void
  ) {}
  func forgotten(_ item: OutboxItem) {}
  func rehearse(then: @escaping (String?) -> Void) {}
  func cancelRehearsal() {}
  func probe(then: @escaping (String?) -> Void) {}
  func cancelProbe() {}
}
