@testable import BeatCore

/// The documents of one name by which daemons go, whatever is stored.
struct HeldDocuments {
  /// The documents that a daemon knows, or will know when what is on its way arrives.
  var known: [[UInt8]]
  /// The documents from which fires were made that are on their way. Such a fire succeeds if exactly these bytes are
  /// stored, even if its daemon knows another document by then.
  var firing: [[UInt8]]

  init(of name: EntryName, in simulation: Simulation) {
    known = simulation.daemons.flatMap { $0.known(name) + $0.answers(of: name) }
    firing = (simulation.daemons.flatMap(\.requests) + simulation.zombies).flatMap { request -> [[UInt8]] in
      guard case .commit(let plans, _) = request else { return [] }
      return plans.filter { $0.entry == name }.map(\.oldDocument)
    }
  }
}

extension SimulatedDaemon {
  /// The document that it knows, and the one that it will know when its fire has succeeded.
  fileprivate func known(_ name: EntryName) -> [[UInt8]] {
    guard let entry = scheduler.entries.handle(of: name).flatMap({ scheduler.entries[$0] }) else { return [] }
    guard case .firing(let plan) = entry.phase else { return [entry.document] }
    return [entry.document, plan.newDocument]
  }
}
