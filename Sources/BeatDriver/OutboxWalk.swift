import BeatCore

/// A walk through the outbox from its oldest item to its newest, and the deferred items that it has found: those that
/// cannot be delivered now.
///
/// Delivered items are taken out, so deferred ones are the oldest and the walk goes on behind them. Now and then it
/// begins again, since what deferred them may be gone. Until it has passed as many items as the walk before, what that
/// one found counts too.
struct OutboxWalk {
  /// The deferred items that one walk has found.
  private struct Deferred {
    var count = 0
    /// How many items are deferred in each lane (a list or an exchange). Later items of the lane must wait behind them.
    var lanes: [Lane: Int] = [:]
    /// How many items of each lane are deferred alone. Later items of the lane pass them.
    var alone: [Lane: Int] = [:]
    /// The server refuses messages from every client, for example because it is out of memory.
    var isServerAtFault = false

    func count(of lane: Lane) -> Int { (lanes[lane] ?? 0) + (alone[lane] ?? 0) }
  }

  /// When the outbox is full of deferred items, a lane with this many of them gets no more.
  private static let share = 10
  /// When deferred items exceed the limit this many times, a lane that has never taken a message gets none either.
  private static let excess = 10
  private static let mostKnown = 10_000

  private var found = Deferred()
  private var before = Deferred()
  private var walked = 0
  /// The newest deferred item. If another client takes deferred items out, others move into their place, and the walk
  /// must not skip those.
  private(set) var newestDeferred: OutboxHandle?
  /// Lanes that have taken a message since this was last emptied, at most `mostKnown`.
  private var known: Set<Lane> = []

  /// The number of deferred items that this walk has found so far.
  var deferred: Int { found.count }

  /// Whether an item for these lanes must wait behind a deferred one.
  func blocks(_ lanes: [Lane]) -> Bool { !found.lanes.isEmpty && lanes.contains { found.lanes[$0] != nil } }

  mutating func block(_ lanes: [Lane], isServerAtFault: Bool = false) {
    for lane in lanes { found.lanes[lane, default: 0] += 1 }
    if isServerAtFault { found.isServerAtFault = true }
  }

  /// Takes in an item that is deferred while others of its lane go on.
  mutating func pass(in lane: Lane) { found.alone[lane, default: 0] += 1 }

  /// Whether the walk before has found deferred items of the lane, which this one has not passed yet.
  func wasBlocked(_ lane: Lane) -> Bool { before.lanes[lane] != nil }

  mutating func delivered(to lane: Lane) {
    if known.count >= Self.mostKnown { known.removeAll() }
    known.insert(lane)
  }

  /// Counts a part of the walk.
  ///
  /// - Parameters:
  ///   - items: how many items it has passed.
  ///   - deferred: how many of them are deferred.
  ///   - newest: the newest of the deferred ones; nil: none is.
  ///   - isLast: the part reaches the end of the outbox. What the walk before has found and this one has not is gone.
  mutating func passed(_ items: Int, deferred: Int, newest: OutboxHandle?, isLast: Bool) {
    walked += items
    found.count += deferred
    newestDeferred = newest ?? newestDeferred
    if isLast || walked >= before.count { before = Deferred() }
  }

  /// - Parameter count: the number of items in the outbox.
  /// - Returns: how many of them are not known to be deferred.
  func deliverable(of count: Int) -> Int { max(0, count - found.count - max(0, before.count - walked)) }

  mutating func beginAgain() {
    if walked >= before.count { before = found }
    found = Deferred()
    walked = 0
    newestDeferred = nil
  }

  /// So many items are deferred that more of them would delay others.
  var isFull: Bool { Limit.deferredMessages.isExceeded(by: max(before.count, found.count) + 1) && !isServerAtFault }

  /// Whether the outbox takes no more items for a lane.
  func refuses(_ lane: Lane) -> Bool {
    guard isFull else { return false }
    if max(before.count(of: lane), found.count(of: lane)) >= Self.share { return true }
    return max(before.count, found.count) >= Self.excess * Limit.deferredMessages.most && !known.contains(lane)
  }

  /// Items that the server refuses from every client are delivered when it recovers, so they do not count as a jam.
  private var isServerAtFault: Bool { before.isServerAtFault || found.isServerAtFault }
}
