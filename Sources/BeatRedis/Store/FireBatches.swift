import BeatCore

/// Sends the fires of a turn that go to the same list together, in one call of the script.
///
/// Fires keep their order within a list. The size of a batch is bounded, so that other clients wait for less than a
/// millisecond.
final class FireBatches {
  private static let longest = 32
  /// The most bytes of documents and messages in a batch.
  private static let largest = 262_144

  private struct Batch {
    var lists: [[UInt8]]
    let outcome: (FirePlan, FireOutcome) -> Void
    var plans: [FirePlan]
    var size = 0
  }

  private let scripts: StoreScripts
  private let fence: () -> String
  /// The batches that are not sent, in the order in which they were begun; each has one list.
  private var open: [Batch] = []
  private var places: [[UInt8]: Int] = [:]
  private var history: HistoryLength

  /// - Parameter fence: returns the lease's token; called when a script is sent.
  init(_ scripts: StoreScripts, fence: @escaping () -> String) {
    self.scripts = scripts
    self.fence = fence
    history = HistoryLength(runs: scripts.historyLength)
  }

  /// Adds a fire, which is sent with `flush` at the latest. All fires between two calls of `flush` have the same
  /// `outcome`.
  func add(_ plan: FirePlan, to lists: [[UInt8]], outcome: @escaping (FirePlan, FireOutcome) -> Void) {
    guard lists.count == 1, let list = lists.first else {
      // It may share a list with any other batch, so those go first.
      flush()
      return send(Batch(lists: lists, outcome: outcome, plans: [plan]))
    }
    let place = places[list] ?? open.count
    if place == open.count {
      places[list] = place
      open.append(Batch(lists: lists, outcome: outcome, plans: []))
      open[place].plans.reserveCapacity(4)
    }
    open[place].plans.append(plan)
    open[place].size += plan.oldDocument.count + plan.newDocument.count + plan.message.count
    if open[place].plans.count == Self.longest || open[place].size > Self.largest {
      send(open[place])
      open[place].plans.removeAll()
      open[place].size = 0
    }
  }

  func flush() {
    guard !open.isEmpty else { return }
    let batches = open
    open.removeAll(keepingCapacity: true)
    places.removeAll(keepingCapacity: true)
    for batch in batches where !batch.plans.isEmpty { send(batch) }
  }

  private func send(_ batch: Batch) {
    history.added(runs: batch.plans.count)
    scripts.fire(batch.plans, on: batch.lists, token: fence(), history: history.entries) { outcome in
      for (index, plan) in batch.plans.enumerated() { batch.outcome(plan, outcome(index)) }
    }
  }
}
