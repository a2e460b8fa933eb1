import BeatCore
import BeatLoop

/// The operations on a Redis server, on a connection whose events were shown to arrive.
final class RedisStoreSession: StoreSession {
  let schedules: any ScheduleStore
  let leases: any LeaseStore
  let daemons: any DaemonRegistry
  let receipts: any ReceiptStore
  let requests: any ManualRequests
  let application: any ApplicationStore
  let outbox: any Outbox
  let routes: RouteRules?

  private let scripts: StoreScripts
  private let settings: StoreSettings
  private let instance: String
  private let loop: EventLoop
  private var rehearsal: Rehearsal?

  init(
    _ scripts: StoreScripts, _ settings: StoreSettings, as instance: String, incarnation: String, on loop: EventLoop,
    fence: @escaping () -> String
  ) {
    self.scripts = scripts
    self.settings = settings
    self.instance = instance
    self.loop = loop
    let queues = QueueLookup(scripts, reserved: settings.broker.reserved)
    schedules = RedisScheduleStore(scripts, queues, on: loop, fence: fence)
    leases = RedisLeaseStore(scripts, as: instance, incarnation: incarnation)
    daemons = RedisDaemonRegistry(scripts, as: instance)
    receipts = RedisReceiptStore(scripts)
    requests = RedisManualRequests(scripts, queues, fence: fence)
    application = RedisApplicationStore(scripts)
    outbox = RedisOutbox(scripts)
    // The outbox is beside the documents, wherever the messages go.
    routes = (scripts.delivery == .direct ? scripts.cluster : nil).map { cluster in
      RouteRules("a cluster") {
        cluster.applied(
          to: $0, defaultQueue: settings.broker.defaultQueue, kombu: settings.broker.transportOptions.keys)
      }
    }
  }

  var delivery: Delivery { scripts.delivery }

  func rehearse(isLoaded: Bool, then completion: @escaping (Candidacy.Proof) -> Void) {
    cancelRehearsal()
    let rehearsal = Rehearsal(scripts, settings, as: instance, isLoaded: isLoaded) { [weak self] proof in
      self?.rehearsal = nil
      completion(proof)
    }
    self.rehearsal = rehearsal
    rehearsal.start()
  }

  func cancelRehearsal() {
    rehearsal?.cancel()
    rehearsal = nil
  }

  /// Explains a refusal. Redis does not always name the command that a user may not run, so all of them are tried; nor
  /// does it name a key of the wrong type, so the types are read.
  func explain(_ refusal: Refusal, about question: StoreQuestion, then completion: @escaping (StoreExplanation) -> Void)
  {
    let user = settings.store.username
    switch (question, refusal.kind) {
    case (.request, .forbidden):
      scripts.tryRights(queue: settings.broker.defaultQueue, as: instance + ":manual", extent: .lesser) { trial in
        completion(StoreExplanation(trial.explanation(of: "Redis refused it", refusal.text, user: user)))
      }
    case (.request, _): loop.soon { completion(StoreExplanation("Redis refused it: \(refusal.text)")) }
    case (_, .forbidden):
      scripts.tryRights(queue: settings.broker.defaultQueue, as: instance) { trial in
        completion(StoreExplanation(refusal.words, lack: trial.advice(user: user)))
      }
    case (_, .foreign):
      let keys = scripts.keys
      let suspects = if case .heartbeat = question { keys.ofHeartbeat(instance) } else { [keys.watermark] }
      scripts.misfits(among: suspects) { misfits in
        completion(StoreExplanation(misfits.isEmpty ? refusal.text : misfits.joined(separator: "; ")))
      }
    default: loop.soon { completion(StoreExplanation(refusal.text)) }
    }
  }

  func foreignPlaces(then completion: @escaping ([String]) -> Void) {
    let keys = scripts.keys
    // If this user may not read types, one command is refused instead of seven.
    scripts.connection.send(RedisCommand("TYPE", keys.watermark)) { [scripts] reply in
      guard let reply else { return }
      guard reply.error == nil else { return completion([]) }
      scripts.misfits(
        among: [keys.history, keys.manual, keys.receipts, keys.daemons, keys.outbox, keys.setAside], then: completion)
    }
  }

  var isDubious: Bool { PrefixDoubt.isDubious(scripts.keys.prefix) }

  func doubt(_ names: [EntryName]) -> PlaceDoubt? { PlaceDoubt(prefix: scripts.keys.prefix, names: names) }

  func neighbours(then completion: @escaping ([EntryName]?) -> Void) {
    NeighbourSearch.start(on: scripts.connection, keys: scripts.keys, then: completion)
  }

  func suspectLongNames() { scripts.nameScan.suspectLongNames() }
}
