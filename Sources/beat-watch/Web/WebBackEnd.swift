import BeatCore
import ReactiveBeat

/// The web page's back end without HTTP. It belongs to the loop that serves the browsers, and never waits.
///
/// The way of a click:
///
///     browser -> HTTP -> WebBackEnd.take -> APIRoute: who may, and where it is answered
///       -> IndexDesk -> IndexKeeper          lists, facets, activity: from memory
///       -> StoreDesk (quick) -> StoreAPI     one schedule: look, check, save, delete
///       -> StoreDesk (patient) -> StoreAPI   what may take seconds: run now, doctor, explanation, history
///     -> APIAnswer -> mailbox of the loop -> HTTP -> browser
///
/// The way of an edit or a run to the browsers that show it:
///
///     store -> StoreWatch -> StoreListener -> IndexKeeper -> LiveEvents -> mailbox of the loop -> HTTP -> browser
final class WebBackEnd {
  /// How long a call may take before it is answered without its result; microseconds. A run by hand has ten seconds.
  private static let quickLimit: Int64 = 15_000_000
  private static let patientLimit: Int64 = 60_000_000
  /// The most calls that wait at each desk.
  private static let quickCapacity = 64
  private static let patientCapacity = 16

  private struct Pending {
    let end: MonotonicTime
    let changes: Bool
    let answer: (APIAnswer) -> Void
  }

  private let loop: EventLoop
  private let mailbox: LoopMailbox
  private let index: IndexDesk
  private let quick: StoreDesk
  private let patient: StoreDesk
  private let listener: StoreListener
  private var pending: [Int: Pending] = [:]
  private var listeners: [LiveEvents.Token: ([UInt8]) -> Bool] = [:]
  private var lastNumber = 0
  private var isClosed = false
  /// It is not lazy: `deinit` closes, and nothing may refer to an object that is going.
  private var limitTimer: LoopTimer?

  /// Starts the threads. They connect by themselves, so that a store that cannot be reached is no error here.
  ///
  /// - Parameter loop: of the calling thread.
  /// - Throws: the system has no thread or descriptor left.
  init(_ source: StoreSource, on loop: EventLoop) throws {
    self.loop = loop
    mailbox = try LoopMailbox(on: loop)
    let index = try IndexDesk()
    self.index = index
    quick = try StoreDesk(source, index, capacity: Self.quickCapacity)
    patient = try StoreDesk(source, index, capacity: Self.patientCapacity)
    let listener = try StoreListener(source, index)
    self.listener = listener
    limitTimer = LoopTimer(on: loop) { [unowned self] in giveUp() }
    let (sender, owner) = (mailbox.sender, OnLoop(backEnd: self))
    index.post { keeper in
      keeper.readAgain = { listener.readAgain($0) }
      keeper.tellWanted = { listener.show($0, hasBrowsers: $1) }
      keeper.deliver = { parts in sender.post { owner.backEnd?.deliver(parts) } }
    }
  }

  deinit { close() }

  /// Ends the threads after their present calls. Nothing is answered any more.
  func close() {
    guard !isClosed else { return }
    isClosed = true
    limitTimer?.cancel()
    mailbox.close()
    (pending, listeners) = ([:], [:])
    listener.close()
    quick.close()
    patient.close()
    index.close()
  }

  // MARK: calls

  /// Takes a call of the API, except those of `session` and `events`. `answer` is called once, on the loop's thread; at
  /// once, if nothing has to be asked.
  func take(_ call: APICall, _ answer: @escaping (APIAnswer) -> Void) {
    let route: APIRoute
    do throws(APIProblem) {
      route = try APIRoute(call)
      try route.require(call.role)
    } catch { return answer(error.answer) }
    switch route.place {
    case .here: answer(APIAnswer(status: 200, body: PackageResources.openapi_json))
    case .index:
      let reply = expect(route, within: Self.quickLimit, answer)
      index.ask {
        try $0.answer(route, call)
      } answer: {
        reply($0)
      }
    case .quick:
      let reply = expect(route, within: Self.quickLimit, answer)
      guard case .system = route else { return send(call, route, to: quick, within: Self.quickLimit, reply) }
      let quick = quick
      // What is overdue, the index knows.
      index.post { keeper in
        let overdue = keeper.overdue
        quick.take(within: Self.quickLimit) {
          try $0.answer(route, call, overdue: overdue)
        } answer: {
          reply($0)
        }
      }
    case .patient:
      send(call, route, to: patient, within: Self.patientLimit, expect(route, within: Self.patientLimit, answer))
    }
  }

  private func send(
    _ call: APICall, _ route: APIRoute, to desk: StoreDesk, within microseconds: Int64,
    _ reply: @escaping @Sendable (APIAnswer) -> Void
  ) {
    desk.take(within: microseconds) {
      try $0.answer(route, call, overdue: nil)
    } answer: {
      reply($0)
    }
  }

  /// Remembers a call, and returns what any thread may give its answer to. Of two answers the second is dropped.
  private func expect(
    _ route: APIRoute, within microseconds: Int64, _ answer: @escaping (APIAnswer) -> Void
  ) -> @Sendable (APIAnswer) -> Void {
    lastNumber += 1
    let number = lastNumber
    let (nanoseconds, isTooLong) = MonotonicTime.now().nanoseconds.addingReportingOverflow(microseconds * 1_000)
    pending[number] = Pending(
      end: MonotonicTime(nanoseconds: isTooLong ? .max : nanoseconds), changes: route.changes, answer: answer)
    if let limitTimer, !limitTimer.isScheduled { limitTimer.schedule(after: 500_000) }
    let (sender, owner) = (mailbox.sender, OnLoop(backEnd: self))
    return { answer in sender.post { owner.backEnd?.pending.removeValue(forKey: number)?.answer(answer) } }
  }

  /// Answers the calls whose time is over.
  private func giveUp() {
    let now = MonotonicTime.now()
    for (number, call) in pending where call.end < now {
      pending[number] = nil
      let rest = call.changes ? "; whether it was carried out is not known: look at it again" : ""
      call.answer(APIProblem(.storeUnreachable, "the store has not answered in time\(rest)").answer)
    }
    if !pending.isEmpty { limitTimer?.schedule(after: 500_000) }
  }

  // MARK: events

  /// Begins to send events to a browser (`GET /api/v1/events?ids=…`).
  ///
  /// - Parameter send: takes whole events, on the loop's thread and never inside this call. It returns false if the
  ///   browser is gone, or takes too little of what it is sent: then it gets nothing more.
  /// - Returns: a token for `unsubscribe`, or the answer to a call that cannot be served.
  func subscribe(
    _ call: APICall, send: @escaping ([UInt8]) -> Bool
  ) -> (token: LiveEvents.Token?, refusal: APIAnswer?) {
    do throws(APIProblem) {
      guard call.role != nil else { throw APIProblem(.unauthorized, "log in first") }
      guard call.method == "GET" else {
        var problem = APIProblem(
          .methodNotAllowed, "\(Cut.argument(call.method)) is no method of this path, which has GET")
        problem.allowed = ["GET"]
        throw problem
      }
      let ids = try APIParameters(call, known: ["ids"]).text("ids", atMost: 65_536) ?? ""
      let words = ids.split(separator: ",")
      guard words.count <= LiveEvents.mostNames else {
        throw APIProblem(
          .badRequest, "ids has \(Plural.of(words.count, "id")), and at most \(LiveEvents.mostNames) are allowed")
      }
      var names: [EntryName] = []
      for word in words {
        guard let name = ScheduleID.name(of: String(word)) else {
          throw APIProblem(.badRequest, "ids: \(Cut.argument(String(word))) is no schedule's id")
        }
        names.append(name)
      }
      guard listeners.count < LiveEvents.mostListeners else {
        throw APIProblem(.tooMany, "\(LiveEvents.mostListeners) browsers listen already")
      }
      lastNumber += 1
      let token = lastNumber
      listeners[token] = send
      let found = names
      index.post { _ = $0.subscribe(token, found) }
      return (token, nil)
    } catch { return (nil, error.answer) }
  }

  /// Ends the events for a browser.
  func unsubscribe(_ token: LiveEvents.Token) {
    guard listeners.removeValue(forKey: token) != nil else { return }
    index.post { $0.unsubscribe(token) }
  }

  private func deliver(_ parts: [(token: LiveEvents.Token, bytes: [UInt8])]) {
    for (token, bytes) in parts {
      guard let send = listeners[token], !send(bytes) else { continue }
      unsubscribe(token)
    }
    index.post { $0.delivered() }
  }

  /// The back end, into which only its loop's thread looks: the mailbox runs there what is posted.
  private struct OnLoop: @unchecked Sendable {
    weak var backEnd: WebBackEnd?
  }
}

/// Belongs to its loop's thread.
@available(*, unavailable)
extension WebBackEnd: Sendable {}
