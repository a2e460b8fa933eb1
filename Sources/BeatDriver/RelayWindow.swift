import BeatCore

/// The part of the outbox that a relay has read and is publishing.
final class RelayWindow {
  /// What was read longer ago is read again before it is published, microseconds: we slept meanwhile (a stopped
  /// process, a suspended machine), another relay may have been here, and the broker have forgotten what it was given.
  private static let stale: Int64 = 60_000_000

  let page: OutboxPage
  private let askedAt: BootTime
  /// Items of which nothing is known yet.
  var open = 0
  private(set) var deferred = 0
  private(set) var newestDeferred: OutboxHandle?
  private var newestIndex = -1
  /// The newest message of each lane.
  private var newest: [Lane: TaskID] = [:]
  var relayed = 0
  var duplicates = 0

  init(_ page: OutboxPage, askedAt: BootTime) { (self.page, self.askedAt) = (page, askedAt) }

  /// An item stays.
  func hold(_ index: Int) {
    deferred += 1
    guard index > newestIndex else { return }
    newestIndex = index
    newestDeferred = page.items[index].handle
  }

  /// Puts a message behind those of its lanes, which are returned: it is to arrive after them.
  func put(_ message: TaskID, in lanes: [Lane]) -> [TaskID] {
    let predecessors = Set(lanes.compactMap { newest[$0] })
    for lane in lanes { newest[lane] = message }
    return Array(predecessors)
  }

  func isStale(at now: BootTime) -> Bool { now.microseconds(since: askedAt) > Self.stale }
}
