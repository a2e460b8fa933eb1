@testable import BeatCore

/// The store's ports, over a model's connection.
final class ModelSession: StoreSession, ScheduleStore, LeaseStore {
  private typealias Reply = ModelConnector.Reply

  private let connection: ModelConnection
  private let beside: any DaemonRegistry & ReceiptStore & ManualRequests & Outbox & ApplicationStore
  /// The places in a scan, by the text of the position that stands for them.
  private var places: [String: ModelConnector.Place] = [:]
  private var rehearsals = 0

  init(_ connection: ModelConnection) {
    self.connection = connection
    beside = connection.connector.isWhole ? ModelBeside(connection) : NothingBeside(connection.connector.surroundings)
  }

  var schedules: any ScheduleStore { self }
  var leases: any LeaseStore { self }
  var daemons: any DaemonRegistry { beside }
  var receipts: any ReceiptStore { beside }
  var requests: any ManualRequests { beside }
  var application: any ApplicationStore { beside }
  var outbox: any Outbox { beside }
  var delivery: Delivery { connection.connector.delivery }
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
    let place = position.flatMap { places[$0.text] } ?? ModelConnector.Place()
    send(.names(from: place), then: completion) { [self] reply in
      guard case .names(var page, let next) = reply else { return nil }
      page.next = next.flatMap { next in
        let text = "\(next.slot):\(next.last.map { "\($0)" } ?? "")"
        places[text] = next
        return position.map { $0.advanced(to: text) } ?? ScanPosition(text)
      }
      return page
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

  func putAbsent(
    _ watermarks: [(name: EntryName, watermark: Watermark)], then completion: @escaping Completion<[EntryName]>
  ) {
    send(.putAbsent(watermarks), then: completion) { if case .kept(let others) = $0 { others } else { nil } }
  }

  func replace(
    _ name: EntryName, expecting expectation: WatermarkExpectation, with watermark: Watermark,
    then completion: @escaping Completion<Bool>
  ) {
    send(.replace(name, expectation, watermark, token: connection.fence()), then: completion) {
      if case .replaced(let isDone) = $0 { isDone } else { nil }
    }
  }

  func sweepWatermarks(
    from position: ScanPosition?, _ ages: WatermarkAges, then completion: @escaping Completion<WatermarkSweepPage>
  ) {
    guard connection.connector.isWhole else {
      return soon { completion(.success(WatermarkSweepPage(next: nil, forgotten: 0, fired: [], seen: []))) }
    }
    send(.beside { store, _ in store.sweep(ages) }, then: completion) {
      if case .value(let page as WatermarkSweepPage) = $0 { page } else { nil }
    }
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

  func foreignPlaces(then completion: @escaping ([String]) -> Void) { soon { completion([]) } }
  var isDubious: Bool { false }
  func doubt(_: [EntryName]) -> PlaceDoubt? { nil }
  func neighbours(then completion: @escaping ([EntryName]?) -> Void) { soon { completion(nil) } }
  func suspectLongNames() {}
}

/// The ports that a fire can do without, when they do nothing: what is written is forgotten, and what is read is empty.
final class NothingBeside: DaemonRegistry, ReceiptStore, ManualRequests, Outbox, ApplicationStore {
  private unowned let surroundings: VirtualSurroundings

  init(_ surroundings: VirtualSurroundings) { self.surroundings = surroundings }

  private func soon(_ work: @escaping () -> Void) { surroundings.soon(work) }

  func write(_ record: DaemonRecord, then completion: @escaping Completion<Void>) { soon { completion(.success(())) } }
  func remove() {}
  func sweep() {}
  func others(then completion: @escaping Completion<[(instance: String, record: DaemonRecord)]>) {
    soon { completion(.success([])) }
  }
  func isAlive(_ instance: String, then completion: @escaping Completion<Bool>) { soon { completion(.success(false)) } }

  func read(then completion: @escaping Completion<[UInt8]?>) { soon { completion(.success(nil)) } }

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
  func setAside(_ handle: OutboxHandle, reason: String, then completion: @escaping Completion<Bool>) {
    soon { completion(.success(true)) }
  }
}
