import BeatCore

/// Fires that go out together: one script for those of a turn that go to the same list.
///
/// Within a list they keep their order. A script of so few is short: other clients wait for less than a millisecond.
final class FireBatches {
  private static let longest = 32
  /// Of documents and messages; bytes.
  private static let largest = 262_144

  private struct Batch {
    var lists: [[UInt8]]
    let outcome: (FirePlan, FireOutcome) -> Void
    var plans: [FirePlan]
    var size = 0
  }

  private let scripts: StoreScripts
  private let fence: () -> String
  /// In the order in which they were begun; each has one list.
  private var open: [Batch] = []
  private var places: [[UInt8]: Int] = [:]

  /// - Parameter fence: the lease's token, asked for when a script is sent.
  init(_ scripts: StoreScripts, fence: @escaping () -> String) {
    self.scripts = scripts
    self.fence = fence
  }

  /// Goes out with `flush`, or before. Between two calls of `flush` all have the same `outcome`.
  func add(_ plan: FirePlan, to lists: [[UInt8]], outcome: @escaping (FirePlan, FireOutcome) -> Void) {
    guard lists.count == 1, let list = lists.first else {
      // It may share a list with any of the others.
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
    scripts.fire(batch.plans, on: batch.lists, token: fence()) { outcome in
      for (index, plan) in batch.plans.enumerated() { batch.outcome(plan, outcome(index)) }
    }
  }
}
