import BeatCore
import BeatLoop

/// The operations on a MongoDB server, on connections whose events were shown to arrive.
final class MongoStoreSession: StoreSession {
  let schedules: any ScheduleStore
  let leases: any LeaseStore
  let daemons: any DaemonRegistry
  let receipts: any ReceiptStore
  let requests: any ManualRequests
  let application: any ApplicationStore
  let outbox: any Outbox
  /// A message waits in its schedule's mark: no write reaches two servers.
  let delivery = Delivery.outbox
  let routes: RouteRules? = nil

  private let calls: MongoCalls
  private let context: MongoSessionContext
  private let loop: EventLoop
  /// The rehearsal that is under way.
  private var rehearsal: RehearsalTurn?
  private final class RehearsalTurn {}

  /// - Parameter named: gets the name under which a document was found, and its `_id`.
  init(
    _ calls: MongoCalls, _ walks: MongoWalks, _ context: MongoSessionContext, incarnation: String, on loop: EventLoop,
    fence: @escaping () -> String, handle: @escaping (StoreEvent) -> Void,
    named: @escaping (EntryName, BSONValue) -> Void
  ) {
    self.calls = calls
    self.context = context
    self.loop = loop
    let aliases = MongoAliases(touched: { handle(.touched($0)) }, named: named)
    let lacked: (String) -> Void = { handle(.lacked(reason: $0)) }
    schedules = MongoScheduleStore(calls, walks, context, aliases: aliases, fence: fence, lacked: lacked)
    leases = MongoLeaseStore(calls, context, incarnation: incarnation)
    daemons = MongoDaemonRegistry(calls, context)
    receipts = MongoReceiptStore(calls, lacked: lacked)
    requests = MongoManualRequests(calls, context, fence: fence, lacked: lacked) { client, name throws(MongoError) in
      try ScheduleRead(context: context, places: [.name(name)]).result(by: client).reads.first?.text
    }
    application = MongoApplicationStore(calls)
    outbox = MongoOutbox(calls, written: context.written)
  }

  func close() { cancelRehearsal() }

  func rehearse(isLoaded: Bool, then completion: @escaping (Candidacy.Proof) -> Void) {
    cancelRehearsal()
    let turn = RehearsalTurn()
    rehearsal = turn
    let work = MongoRehearsal(place: context.place, instance: context.instance)
    calls.attempt({ client throws(MongoError) in try work.proof(by: client) }) { [weak self] result in
      guard let self, rehearsal === turn else { return }
      rehearsal = nil
      switch result {
      case .success(let proof): completion(proof)
      case .failure(let error): completion(.undecided(reason: error.message))
      }
    }
  }

  func cancelRehearsal() { rehearsal = nil }

  func explain(
    _ refusal: Refusal, about question: StoreQuestion, then completion: @escaping (StoreExplanation) -> Void
  ) {
    let lack = refusal.kind == .forbidden ? "\(refusal.text); \(MongoRights.advice(context.place))" : nil
    loop.soon { completion(StoreExplanation(refusal.text, lack: lack)) }
  }

  func foreignPlaces(then completion: @escaping ([String]) -> Void) { loop.soon { completion([]) } }

  let isDubious = false
  func doubt(_ names: [EntryName]) -> PlaceDoubt? { nil }
  func neighbours(then completion: @escaping ([EntryName]?) -> Void) { loop.soon { completion([]) } }

  /// A walk reads the names alone, and drops those that are too long.
  func suspectLongNames() {}
}
