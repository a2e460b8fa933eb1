/// How edits are detected. A store says which ways it has (`StoreConnector.changeDetections`), and the daemon tries the
/// best first. A way counts as working when the daemon receives the event of a write of its own.
package enum ChangeDetection: String {
  /// Keyspace notifications.
  case keyspace
  /// CLIENT TRACKING in broadcast mode, for servers where notifications are off and CONFIG is refused. It needs no
  /// setting of the server.
  case tracking
  /// A change stream.
  case stream
  /// All documents are read at intervals. This is slow, and the daemon warns of it.
  case polling

  /// Whether the events tell the writes of this daemon's own fires from those of edits (`StoreEvent.writtenInPlace`).
  package var tellsOwnWrites: Bool {
    switch self {
    case .keyspace, .stream: true
    case .tracking, .polling: false
    }
  }
}
