import BeatCore

/// The part of the outbox that a relay has read and is publishing.
final class RelayWindow {
  /// Items that were read longer ago are read again before they are published; microseconds. The process was stopped or
  /// the machine suspended, so another relay may have delivered them, and the broker may have forgotten their task ids.
  private static let stale: Int64 = 60_000_000

  let page: OutboxPage
  private let askedAt: BootTime
  /// Items that are being published and whose outcome is not known.
  var open = 0
  private(set) var deferred = 0
  private(set) var newestDeferred: OutboxHandle?
  private var newestIndex = -1
  /// The newest message of each lane.
  private var newest: [Lane: TaskID] = [:]
  var relayed = 0
  var duplicates = 0
  /// A message of a lane was delivered in which others had been deferred.
  var hasFreed = false
  /// Items that are no longer in the outbox: delivered or set aside.
  var left = 0

  init(_ page: OutboxPage, askedAt: BootTime) { (self.page, self.askedAt) = (page, askedAt) }

  /// Counts an item that is deferred.
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
