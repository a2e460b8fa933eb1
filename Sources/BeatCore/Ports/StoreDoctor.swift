/// Examines the parts of an installation whose checks depend on the kind of store and broker: the servers, their
/// settings, and the rights of their users. Each finding is reported as soon as it is found. A method throws if it
/// cannot look.
package protocol StoreDoctor: AnyObject {
  /// Examines the kind of the store's server, and what it keeps.
  func examineServer() throws
  /// Examines the store's clock.
  func examineClock() throws
  /// Examines the broker's server.
  func examineBroker() throws
  /// Examines whether edits are detected.
  ///
  /// - Parameters:
  ///   - isFiring: whether a daemon runs that should detect them.
  ///   - events: the way in which that daemon detects them, by its record.
  func examineChangeDetection(isFiring: Bool, by events: String?) throws
  /// Examines whether the daemons' users have the rights that a daemon needs.
  func examineRights() throws
  /// Examines whether the daemons' users may send to these queues.
  func examineRights(to queues: Set<[UInt8]>) throws
  /// Examines the contents of the daemon's own places, and the places of other prefixes.
  func examinePlaces() throws
  /// What `examinePlaces` examines, as its findings call it.
  var places: String { get }
  /// Examines whether workers use the same names for the broker's queues as the daemon.
  func examineNames(of queues: Set<[UInt8]>) throws

  /// The broker, after `examineBroker`; nil: it cannot be reached.
  var broker: (any BrokerInspector)? { get }
  /// How a fire would reach that broker; nil: it cannot be reached.
  var delivery: Delivery? { get }

  /// The remedy, as a command if one is enough.
  func remedy(for ailment: StoreAilment) -> String
}

/// A problem that a check outside this port finds, while its remedy depends on the kind of store.
package enum StoreAilment {
  /// Edits are detected only by polling, every few seconds.
  case polling
  /// A document that no editing command can read.
  case unreadable(EntryName)
  /// The store has no document.
  case empty
  /// A queue that a fire cannot reach.
  case unreachableQueue
  /// These rights are missing, which the check needs.
  case hidden(rights: Set<String>)
}
