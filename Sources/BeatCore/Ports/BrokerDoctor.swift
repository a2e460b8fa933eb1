/// Examines the broker's side of an installation: the part of a `StoreDoctor` that depends on the kind of broker. A
/// method throws if it cannot look.
package protocol BrokerDoctor: AnyObject {
  /// Examines the broker's server.
  func examineServer() throws
  /// Examines whether the daemons' users have the rights that a daemon needs on the broker.
  func examineRights() throws
  /// Examines whether the daemons' users may send to these queues.
  func examineRights(to queues: Set<[UInt8]>) throws
  /// Examines whether workers use the same names for the broker's queues as the daemon.
  func examineNames(of queues: Set<[UInt8]>) throws

  /// The broker, after `examineServer`; nil: it cannot be reached.
  var broker: (any BrokerInspector)? { get }

  /// The remedy for a check that lacks these rights on the broker.
  func remedy(forHidden rights: Set<String>) -> String
}
