/// How edits are detected. The daemon tries the best way first. A way counts as working when the daemon receives the
/// event of a write of its own.
package enum ChangeDetection: String {
  /// Keyspace notifications.
  case keyspace
  /// CLIENT TRACKING in broadcast mode, for servers where notifications are off and CONFIG is refused. It needs no
  /// setting of the server.
  case tracking
  /// All documents are read at intervals. This is slow, and the daemon warns of it.
  case polling

  /// The next way to try if this one does not work; nil: this is the last.
  package var fallback: ChangeDetection? {
    switch self {
    case .keyspace: .tracking
    case .tracking: .polling
    case .polling: nil
    }
  }
}
