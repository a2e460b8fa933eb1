/// Decides when a relay reads the outbox, and when it begins again because of deferred items.
///
///                  connected          isLast
///     away ──────────────────► walking ─────► resting
///      ▲                        │   ▲           │
///      └── disconnected ────────┘   └───────────┘ nudged, or the timer
///
/// A walk reads one part of the outbox after the other. While items are deferred a timer runs, whose wait doubles until
/// a whole walk finds no deferred item.
struct RelayPace {
  /// Microseconds.
  private static let shortestWait: Int64 = 1_000_000
  private static let longestWait: Int64 = 60_000_000

  /// The timer for deferred items.
  private enum Retry {
    case none
    /// The timer runs.
    case scheduled
    /// The timer went off while a part was under way, so the walk begins again at the part's end.
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
    /// The outbox has a new item.
    case nudged
    /// The timer for deferred items went off.
    case timerFired
    /// The broker takes messages again, so deferred items need not wait for the timer.
    case retry
    /// A part was read but cannot be used.
    ///
    /// - isMoved: the outbox has other items than before, so the walk must begin again.
    case outdated(isMoved: Bool)
    /// Each item of a part was published or deferred.
    case partDone(Part)
    /// The outbox could not be read.
    case failed
  }

  struct Part {
    /// Some items of this part are deferred.
    var hasDeferred: Bool
    /// The walk has found a deferred item so far.
    var walkHasDeferred: Bool
    /// The part reaches the end of the outbox.
    var isLast: Bool
    /// A message was delivered that had been deferred, or that had waited behind such a one: it is worth a retry soon.
    var hasFreed = false
  }

  enum Action: Equatable {
    /// Read the next part.
    case read
    /// Begin the walk again: older items may be deliverable now.
    case beginAgain
    /// Microseconds.
    case armTimer(Int64)
    case cancelTimer
    /// The walk has found no deferred item, so the reasons that were reported for lanes no longer hold.
    case forgetComplaints
    /// No part is under way any more.
    case rest
    case illegal(IllegalMove)
  }

  /// An event that the driver sent out of order. The machine has not changed.
  enum IllegalMove {
    case connectedTwice
    /// A part ends though none is under way.
    case noPart
    /// The timer goes off without a connection to the broker.
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
    case (.resting, .retry):
      wait = Self.shortestWait
      state = .walking(isNudged: false, .none)
      return [.cancelTimer, .beginAgain]
    case (.walking(let isNudged, _), .retry):
      wait = Self.shortestWait
      state = .walking(isNudged: isNudged, .due)
      return [.cancelTimer]
    case (.walking(_, let retry), .outdated(let isMoved)):
      state = .walking(isNudged: false, retry)
      return [isMoved ? .beginAgain : .read]
    case (.walking(let isNudged, let retry), .partDone(let part)):
      return partDone(part, isNudged: isNudged, retry)
    case (.walking(_, let retry), .failed):
      state = .resting(.scheduled)
      return (retry == .scheduled ? [] : [armTimer()]) + [.rest]
    // Reporting a part may have ended the connection.
    case (.away, .nudged), (.away, .partDone), (.away, .failed), (.away, .retry): return []
    case (.away, .timerFired): return [.illegal(.timerWhileAway)]
    case (.resting, .connected), (.walking, .connected): return [.illegal(.connectedTwice)]
    case (.away, .outdated), (.resting, .outdated), (.resting, .partDone), (.resting, .failed):
      return [.illegal(.noPart)]
    }
  }

  /// Ends a part. The timer is armed at the first deferred item and not at the end of the walk, since a walk never ends
  /// while new items keep coming.
  private mutating func partDone(_ part: Part, isNudged: Bool, _ before: Retry) -> [Action] {
    var (retry, actions) = (before, [Action]())
    if part.hasFreed { wait = Self.shortestWait }
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
