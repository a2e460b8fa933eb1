@testable import BeatCore

/// A daemon as `BeatService` drives one, with its connections to the store as queues: what is in them is on its way, and
/// may be lost. Requests and replies keep their order, and so do events; the two connections know nothing of each other.
struct SimulatedDaemon {
  enum Request {
    case read([EntryName], isPage: Bool)
    case anchor(EntryName, Mark)
    case rebase(EntryName, from: UnixTime, to: Mark)
    case fire(FirePlan)
    /// One of the steps of SCAN: the names whose hash falls into it.
    case scan(step: Int)
  }

  enum Reply {
    case read([EntryName], [Scheduler.DocumentRead], isPage: Bool)
    case kept(EntryName, Bool)
    case fired(FirePlan, FireOutcome)
    case scanned(step: Int, [EntryName])
  }

  static let scanSteps = 3

  private(set) var scheduler: Scheduler
  /// How far its clock is from the server's; microseconds.
  var skew: Int64
  private(set) var isConnected = false
  private(set) var timer: UnixTime?
  var requests: [Request] = []
  var replies: [Reply] = []
  var events: [EntryName] = []
  private var inFlight: [FirePlan] = []
  private var pages = 0
  private var isScanned = false

  init(_ configuration: SchedulerConfiguration, skew: Int64) {
    scheduler = Scheduler(configuration)
    self.skew = skew
  }

  var isQuiet: Bool { requests.isEmpty && replies.isEmpty && events.isEmpty }

  func clock(_ time: UnixTime) -> UnixTime { time.advanced(by: skew) }

  func isDue(at time: UnixTime) -> Bool { timer.map { $0 <= clock(time) } ?? false }

  // MARK: what happens to it

  mutating func wake(at time: UnixTime) {
    timer = nil
    receive(.timerFired, time)
  }

  /// Subscribed; the load begins.
  mutating func connect(at time: UnixTime) {
    isConnected = true
    load(at: time)
  }

  /// Reads everything anew, on a connection that goes on: scripts may be on their way.
  mutating func reload(at time: UnixTime) {
    if scheduler.isWatching { load(at: time) }
  }

  private mutating func load(at time: UnixTime) {
    isScanned = false
    pages = 0
    receive(.loadStarted, time)
    requests.append(.scan(step: 0))
  }

  /// Both connections die. What was sent may still reach the server: the caller takes it from `requests` before.
  mutating func disconnect(at time: UnixTime) {
    isConnected = false
    requests.removeAll()
    replies.removeAll()
    events.removeAll()
    let lost = inFlight
    inFlight.removeAll()
    for plan in lost { receive(.fireEnded(plan, .unknown), time) }
    receive(.disconnected, time)
  }

  mutating func hear(at time: UnixTime) { receive(.touched(events.removeFirst()), time) }

  mutating func take(at time: UnixTime) {
    switch replies.removeFirst() {
    case .read(let names, let reads, let isPage):
      for (name, read) in zip(names, reads) { receive(.read(name, read), time) }
      if isPage {
        pages -= 1
        finishLoad(time)
      }
    case .kept(let name, let isKept):
      if !isKept { receive(.touched(name), time) }
    case .fired(let plan, let outcome):
      inFlight.removeAll { $0 == plan }
      receive(.fireEnded(plan, outcome), time)
    case .scanned(let step, let names):
      if !names.isEmpty {
        pages += 1
        requests.append(.read(names, isPage: true))
      }
      if step + 1 < Self.scanSteps { requests.append(.scan(step: step + 1)) } else { isScanned = true }
      finishLoad(time)
    }
  }

  private mutating func finishLoad(_ time: UnixTime) {
    guard isScanned, pages == 0, !scheduler.isWatching else { return }
    receive(.loadFinished, time)
  }

  // MARK: what it does

  private mutating func receive(_ event: Scheduler.Event, _ time: UnixTime) {
    for action in scheduler.receive(event, now: clock(time)) {
      switch action {
      case .read(let name): send(.read([name], isPage: false))
      case .anchor(let name, let mark): send(.anchor(name, mark))
      case .rebase(let name, let from, let mark): send(.rebase(name, from: from, to: mark))
      case .armTimer(let time): timer = time
      case .report: break
      case .fire(let plan):
        guard isConnected else {
          receive(.fireEnded(plan, .unknown), time)
          continue
        }
        inFlight.append(plan)
        send(.fire(plan))
      }
    }
  }

  private mutating func send(_ request: Request) {
    if isConnected { requests.append(request) }
  }
}

extension ModelStore {
  /// Carries a request out.
  mutating func execute(_ request: SimulatedDaemon.Request, now: UnixTime) -> SimulatedDaemon.Reply {
    switch request {
    case .read(let names, let isPage): .read(names, names.map { read($0) }, isPage: isPage)
    case .anchor(let name, let mark): .kept(name, anchor(name, mark))
    case .rebase(let name, let from, let mark): .kept(name, rebase(name, from: from, to: mark))
    case .fire(let plan): .fired(plan, fire(plan, now: now))
    case .scan(let step):
      .scanned(step: step, documents.keys.filter { Self.slot(of: $0) == step }.sorted { "\($0)" < "\($1)" })
    }
  }

  /// The same in each run, unlike `hashValue`.
  private static func slot(of name: EntryName) -> Int {
    name.bytes.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF } % SimulatedDaemon.scanSteps
  }
}
