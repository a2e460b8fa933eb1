import BeatCore

/// Fires that go out together: one script for those of a turn that go to the same list.
///
/// Within a list they keep their order. A script of so few is short: other clients wait for less than a millisecond.
package final class FireBatches {
  private static let longest = 32
  /// Of documents and messages; bytes.
  private static let largest = 262_144

  private struct Batch {
    var lists: [[UInt8]]
    var plans: [FirePlan]
    var size = 0
  }

  private let scripts: StoreScripts
  private let finish: (FirePlan, FireOutcome) -> Void
  /// In the order in which they were begun; each has one list.
  private var open: [Batch] = []
  private var places: [[UInt8]: Int] = [:]

  package init(_ scripts: StoreScripts, finish: @escaping (FirePlan, FireOutcome) -> Void) {
    self.scripts = scripts
    self.finish = finish
  }

  /// Goes out with `flush`, or before.
  package func add(_ plan: FirePlan, to lists: [[UInt8]], token: String) {
    guard lists.count == 1, let list = lists.first else {
      // It may share a list with any of the others.
      flush(token: token)
      return send(Batch(lists: lists, plans: [plan]), token)
    }
    let place = places[list] ?? open.count
    if place == open.count {
      places[list] = place
      open.append(Batch(lists: lists, plans: []))
      open[place].plans.reserveCapacity(4)
    }
    open[place].plans.append(plan)
    open[place].size += plan.oldDocument.count + plan.newDocument.count + plan.message.count
    if open[place].plans.count == Self.longest || open[place].size > Self.largest {
      send(open[place], token)
      open[place].plans.removeAll()
      open[place].size = 0
    }
  }

  package func flush(token: String) {
    guard !open.isEmpty else { return }
    let batches = open
    open.removeAll(keepingCapacity: true)
    places.removeAll(keepingCapacity: true)
    for batch in batches where !batch.plans.isEmpty { send(batch, token) }
  }

  private func send(_ batch: Batch, _ token: String) {
    scripts.fire(batch.plans, on: batch.lists, token: token) { [finish] outcome in
      for (index, plan) in batch.plans.enumerated() { finish(plan, outcome(index)) }
    }
  }
}
