import BeatCore
import BeatLoop

/// One session with the store: from connecting until a connection dies. Start-up and reconnect are the same path.
///
///     find the primary -> its version and kind -> the daemons' collections -> change stream on a connection of its own
///     -> probe: a heartbeat, whose event must arrive within 2 s -> `.watching`
///
///     any step fails, a connection dies, or the stream ends -> open calls are answered -> `.ended` with the reason
///
/// The session keeps to the server that it has found. Otherwise the library would look at all servers once a minute, and
/// a fire could compare with one server and write to another.
final class MongoStoreConnection: StoreConnection {
  private static let probePatience: Int64 = 2_000_000

  private let settings: MongoStoreSettings
  private let instance: String
  private let incarnation: String
  private let changeDetection: ChangeDetection
  private let loop: EventLoop
  private let fence: () -> String
  private let handle: (StoreEvent) -> Void

  private var calls: MongoCalls?
  private var walks: MongoWalks?
  private var feed: ChangeStreamFeed?
  private var session: MongoStoreSession?
  private let ownWrites = OwnWrites()
  private lazy var deadline = LoopTimer(on: loop) { [unowned self] in
    // The stream is there. So the server is busy, or its secondaries are behind, and both pass: a daemon that took to
    // polling would never come back from it.
    end(.notReady("the change stream of \(settings.url) brings no events: that of our own heartbeat has not come"))
  }
  private var isWatching = false
  private var isOver = false
  /// The owner has closed the session, and hears nothing more.
  private var isSilent = false

  init(
    _ settings: MongoStoreSettings, as instance: String, incarnation: String, changeDetection: ChangeDetection,
    on loop: EventLoop, fence: @escaping () -> String, handle: @escaping (StoreEvent) -> Void
  ) {
    self.settings = settings
    self.instance = instance
    self.incarnation = incarnation
    self.changeDetection = changeDetection
    self.loop = loop
    self.fence = fence
    self.handle = handle
  }

  /// Ends the session without reporting it.
  func close() {
    isSilent = true
    guard !isOver else { return }
    loop.soon(shut())
  }

  /// - Returns: what answers the open calls.
  private func shut() -> () -> Void {
    isOver = true
    deadline.cancel()
    feed?.close()
    session?.close()
    let answers = [walks?.end(), calls?.end()]
    return { for answer in answers { answer?() } }
  }

  /// Ends the session in a later turn: open calls are answered, then the end is reported.
  private func end(_ failure: SessionFailure) {
    guard !isOver else { return }
    let answer = shut()
    loop.soon { [self] in
      answer()
      if !isSilent { handle(.ended(failure)) }
    }
  }

  private func failed(_ error: MongoError) {
    switch error.kind {
    case .client: end(.misconfigured(error.message))
    case .network, .server, .reply: end(.lost("\(settings.url): \(error.message)"))
    }
  }

  // MARK: opening

  func start() {
    let (url, place) = (settings.url, settings.place)
    do {
      let search = PrimarySearch(url)
      let thread = try MongoThread(on: loop) { () throws(MongoError) in try search.client() }
      let calls = MongoCalls(thread, place, on: loop) { [weak self] in self?.failed($0) }
      self.calls = calls
      calls.attempt({ _ in search.facts }) { [weak self] result in
        guard let self, !isOver, case .success(let facts?) = result else { return }
        found(facts)
      }
    } catch { loop.soon { [self] in end(.notReady("\(error)")) } }
  }

  private func found(_ facts: MongoServerFacts) {
    if let problem = facts.problem { return end(.misconfigured("\(settings.url) \(problem)")) }
    if changeDetection != .polling, facts.setName == nil {
      return end(
        .deaf(
          "\(settings.url) is no replica set, and only a replica set tells of changes: one of a single node is enough "
            + "(mongod --replSet)"))
    }
    let place = settings.place
    calls?.attempt({ client throws(MongoError) in try SessionOpening(place: place).result(by: client) }) {
      [weak self] result in
      guard let self, !isOver else { return }
      switch result {
      case .success(let opening):
        walks = makeWalks(at: facts.primary)
        if let leftOut = opening.leftOut { handle(.notice(.leftOut(leftOut))) }
        listen(to: facts, opening)
      case .failure(let error):
        end(.notReady("\(settings.url) refused a daemon's own collections: \(error.message)"))
      }
    }
  }

  private func makeWalks(at server: MongoServerAddress?) -> MongoWalks {
    MongoWalks(on: loop) { [weak self, settings, loop] () throws(EventLoopError) in
      let thread = try MongoThread(on: loop) { () throws(MongoError) in
        try MongoClient(settings.url, directTo: server, timeouts: .walk)
      }
      return MongoCalls(thread, settings.place, on: loop) { self?.failed($0) }
    }
  }

  private func listen(to facts: MongoServerFacts, _ opening: SessionOpening.Result) {
    guard changeDetection != .polling else { return begin(opening) }
    let feed = ChangeStreamFeed(settings, at: facts.primary, as: instance, ownWrites: ownWrites, on: loop) {
      [weak self] event in
      guard let self, !isOver else { return }
      switch event {
      case .opened: probe(opening)
      case .failed(let error):
        end(
          error.code == .notSupported
            ? .deaf("\(settings.url): \(error.message)") : .lost("\(settings.url): \(error.message)"))
      case .ended(let reason): end(.lost(reason))
      case .heard(let event): heard(event, opening)
      }
    }
    self.feed = feed
    feed.open()
  }

  /// Writes a heartbeat and waits for its event: the only test of a stream that is certain.
  private func probe(_ opening: SessionOpening.Result) {
    deadline.schedule(after: Self.probePatience)
    let (place, instance) = (settings.place, instance)
    calls?.attempt({ client throws(MongoError) in
      // A number that no heartbeat has: an update that changes nothing has no event.
      _ = try client.write(
        [
          "update": .text(place.daemon), "writeConcern": WriteConcern.majority,
          "updates": [
            [
              "q": ["_id": .text(DaemonDocument.heartbeat(instance))],
              "u": [["$set": ["probed": ServerTime.now]]], "upsert": true,
            ]
          ],
        ], on: place.database)
    }) { [weak self] result in
      guard let self, !isOver, case .failure(let error) = result else { return }
      end(.notReady("\(settings.url) refused a heartbeat: \(error.message)"))
    }
  }

  private func heard(_ event: StoreEvent, _ opening: SessionOpening.Result) {
    if isWatching { return handle(event) }
    if case .heartbeat = event { begin(opening) }
  }

  private func begin(_ opening: SessionOpening.Result) {
    guard let calls, let walks else { return }
    deadline.cancel()
    isWatching = true
    let sequence = MongoSequence(session: opening.number)
    let context = MongoSessionContext(
      place: settings.place, instance: instance, sequence: sequence, outboxLimit: settings.outboxLimit,
      history: HistoryEntries(settings.place, length: settings.historyLength, sequence: sequence),
      maximumDocumentLength: settings.maximumDocumentLength, maximumLead: settings.maximumLead, ownWrites: ownWrites,
      room: OutboxRoom(limit: settings.outboxLimit))
    let session = MongoStoreSession(calls, walks, context, incarnation: incarnation, on: loop, fence: fence) {
      [weak self] event in
      if let self, !isOver { handle(event) }
    } named: { [weak self] name, id in
      self?.feed?.note(name, of: id)
    }
    self.session = session
    handle(.watching(session))
    if let lack = opening.lack, !isOver { handle(.lacked(reason: lack)) }
  }
}
