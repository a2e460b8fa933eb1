/// When a relay reads the outbox, and when it begins again because of what stays there.
///
///                  connected          isLast
///     away ──────────────────► walking ─────► resting
///      ▲                        │   ▲           │
///      └── disconnected ────────┘   └───────────┘ nudged, or the timer
///
/// A walk reads part after part. While something stays in the outbox a timer runs, with a wait that doubles until a whole walk
/// finds nothing that stays.
struct RelayPace {
  /// Microseconds.
  private static let shortestWait: Int64 = 1_000_000
  private static let longestWait: Int64 = 60_000_000

  /// Of what stays in the outbox.
  private enum Retry {
    case none
    /// The timer runs.
    case scheduled
    /// The timer went off within a part of the way, at whose end the walk begins again.
    case due
  }

  private enum State {
    /// There is no connection to the broker.
    case away
    case resting(Retry)
    /// A part is under way.
    ///
    /// - isNudged: an item came after the part was asked for.
    case walking(isNudged: Bool, Retry)
  }

  enum Event {
    /// Messages can be published.
    case connected
    case disconnected
    /// There is a new item.
    case nudged
    /// The timer of the retry went off.
    case timerFired
    /// A part that was read cannot be used.
    ///
    /// - isMoved: the outbox has become another one, so that the walk must begin again.
    case outdated(isMoved: Bool)
    /// Each item of a part has been published, or stays.
    case partDone(Part)
    /// The outbox could not be read.
    case failed
  }

  struct Part {
    /// Some of its items stay.
    var hasDeferred: Bool
    /// Something stays of the walk so far.
    var walkHasDeferred: Bool
    /// It reaches to the outbox' end.
    var isLast: Bool
  }

  enum Action: Equatable {
    /// Read the next part.
    case read
    /// Read the first part, in which older items may be deliverable by now.
    case beginAgain
    /// Microseconds.
    case armTimer(Int64)
    case cancelTimer
    /// The outbox is empty but for what came since: what was said of its lanes is over.
    case forgetComplaints
    /// Nothing is on its way any more.
    case rest
    case illegal(IllegalMove)
  }

  /// What cannot happen next. The machine has done nothing.
  enum IllegalMove {
    case connectedTwice
    /// A part comes to its end, and none is under way.
    case noPart
    /// The timer goes off without a connection.
    case timerWhileAway
  }

  private var state = State.away
  private var wait = shortestWait

  /// Messages can be published.
  var isConnected: Bool { if case .away = state { false } else { true } }
  /// A part is under way.
  var isWalking: Bool { if case .walking = state { true } else { false } }

  mutating func receive(_ event: Event) -> [Action] {
    switch (state, event) {
    case (.away, .connected):
      state = .walking(isNudged: false, .none)
      return [.read]
    case (_, .disconnected):
      state = .away
      return [.cancelTimer, .rest]
    case (.resting(let retry), .nudged):
      state = .walking(isNudged: false, retry)
      return [.read]
    case (.walking(_, let retry), .nudged):
      state = .walking(isNudged: true, retry)
      return []
    case (.resting, .timerFired):
      state = .walking(isNudged: false, .none)
      return [.beginAgain]
    case (.walking(let isNudged, _), .timerFired):
      state = .walking(isNudged: isNudged, .due)
      return []
    case (.walking(_, let retry), .outdated(let isMoved)):
      state = .walking(isNudged: false, retry)
      return [isMoved ? .beginAgain : .read]
    case (.walking(let isNudged, let retry), .partDone(let part)):
      return partDone(part, isNudged: isNudged, retry)
    case (.walking(_, let retry), .failed):
      state = .resting(.scheduled)
      return (retry == .scheduled ? [] : [armTimer()]) + [.rest]
    // What is told of a part may have ended the connection.
    case (.away, .nudged), (.away, .partDone), (.away, .failed): return []
    case (.away, .timerFired): return [.illegal(.timerWhileAway)]
    case (.resting, .connected), (.walking, .connected): return [.illegal(.connectedTwice)]
    case (.away, .outdated), (.resting, .outdated), (.resting, .partDone), (.resting, .failed):
      return [.illegal(.noPart)]
    }
  }

  /// While more comes all the time, the end is never reached: the timer is armed before.
  private mutating func partDone(_ part: Part, isNudged: Bool, _ before: Retry) -> [Action] {
    var (retry, actions) = (before, [Action]())
    if part.hasDeferred, retry == .none {
      retry = .scheduled
      actions.append(armTimer())
    }
    if retry == .due {
      state = .walking(isNudged: false, .none)
      return [.beginAgain]
    }
    guard part.isLast, !isNudged else {
      state = .walking(isNudged: false, retry)
      return actions + [.read]
    }
    guard part.walkHasDeferred else {
      wait = Self.shortestWait
      state = .resting(.none)
      return actions + [.forgetComplaints, .cancelTimer, .rest]
    }
    if retry == .none { actions.append(armTimer()) }
    state = .resting(.scheduled)
    return actions + [.rest]
  }

  private mutating func armTimer() -> Action {
    defer { wait = min(wait * 2, Self.longestWait) }
    return .armTimer(wait)
  }
}
