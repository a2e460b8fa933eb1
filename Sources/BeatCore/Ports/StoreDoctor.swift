/// Looks at those parts of an installation that only who knows the kind of its store and broker can judge: servers,
/// their settings, what their users may do. What is found is reported as it is found; a method throws where it cannot
/// look.
package protocol StoreDoctor: AnyObject {
  /// What the store's server is, and what it keeps.
  func examineServer() throws
  /// What time it shows.
  func examineClock() throws
  func examineBroker() throws
  /// Whether edits are heard.
  ///
  /// - Parameters:
  ///   - isFiring: a daemon is there that should hear them.
  ///   - events: how it says that it does.
  func examineChangeDetection(isFiring: Bool, by events: String?) throws
  /// Whether the daemons' users may do what a daemon does.
  func examineRights() throws
  /// What stands at our own places, and at those of other prefixes.
  func examinePlaces() throws
  /// Whether workers give the broker's queues the names that we give them.
  func examineNames(of queues: Set<[UInt8]>) throws

  /// After `examineBroker`; nil: it cannot be reached.
  var broker: (any BrokerInspector)? { get }

  /// What to do, as a command where one does it.
  func remedy(for ailment: StoreAilment) -> String
}

/// What others find out, and can only be mended in the store's own way.
package enum StoreAilment {
  /// Edits are looked for every few seconds.
  case polling
  /// A document that no editor reads.
  case unreadable(EntryName)
  /// There is no document.
  case empty
  /// A queue that a fire cannot reach.
  case unreachableQueue
  /// A right to look is missing.
  case hidden
}
