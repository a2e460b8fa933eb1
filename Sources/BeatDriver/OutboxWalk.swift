import BeatCore

/// A walk through the outbox, from its oldest item to its newest, and what it has found to stay there.
///
/// Items that stay are the oldest, since what is delivered is taken out: the walk goes on behind them. Now and then it
/// begins again, as what was in their way may be gone. What the walk before has found counts until this one has come
/// past it.
struct OutboxWalk {
  /// What a walk has found to stay.
  private struct Deferred {
    var count = 0
    /// Lists and exchanges behind whose items others must wait, with how many those are.
    var lanes: [Lane: Int] = [:]
    /// The server took something from nobody: it is out of memory, or the like.
    var isServerAtFault = false
  }

  /// A lane may have so many items in an outbox that is full of what cannot be delivered.
  private static let share = 10
  /// Past so many times the limit, lanes of which nothing is known get no place either.
  private static let excess = 10
  private static let mostKnown = 10_000

  private var found = Deferred()
  private var before = Deferred()
  private var walked = 0
  /// The newest item that stays. Where somebody else takes one of them out, what has taken its place must not be passed
  /// over.
  private(set) var newestDeferred: OutboxHandle?
  /// Lanes that have taken a message.
  private var known: Set<Lane> = []

  /// Items that stay, as far as this walk has come.
  var deferred: Int { found.count }

  /// Whether what goes to these lanes must wait.
  func blocks(_ lanes: [Lane]) -> Bool { !found.lanes.isEmpty && lanes.contains { found.lanes[$0] != nil } }

  mutating func block(_ lanes: [Lane], isServerAtFault: Bool = false) {
    for lane in lanes { found.lanes[lane, default: 0] += 1 }
    if isServerAtFault { found.isServerAtFault = true }
  }

  mutating func delivered(to lane: Lane) {
    if known.count >= Self.mostKnown { known.removeAll() }
    known.insert(lane)
  }

  /// A part of the way is done.
  ///
  /// - Parameters:
  ///   - items: that were looked at.
  ///   - deferred: of those, that stay.
  ///   - newest: the newest of them.
  mutating func passed(_ items: Int, deferred: Int, newest: OutboxHandle?) {
    walked += items
    found.count += deferred
    newestDeferred = newest ?? newestDeferred
    if walked >= before.count { before = Deferred() }
  }

  /// - Parameter count: in the outbox.
  /// - Returns: those of them that may be delivered, as far as is known.
  func deliverable(of count: Int) -> Int { max(0, count - found.count - max(0, before.count - walked)) }

  mutating func beginAgain() {
    if walked >= before.count { before = found }
    found = Deferred()
    walked = 0
    newestDeferred = nil
  }

  /// So much stays that more of it would keep others waiting.
  var isFull: Bool { Limit.deferredMessages.isExceeded(by: max(before.count, found.count) + 1) && !isServerAtFault }

  /// Whether no more items for a lane may come.
  func refuses(_ lane: Lane) -> Bool {
    guard isFull else { return false }
    if max(before.lanes[lane] ?? 0, found.lanes[lane] ?? 0) >= Self.share { return true }
    return max(before.count, found.count) >= Self.excess * Limit.deferredMessages.most && !known.contains(lane)
  }

  /// What nobody takes now, all get when the server is well again: it is as if it were gone.
  private var isServerAtFault: Bool { before.isServerAtFault || found.isServerAtFault }
}
