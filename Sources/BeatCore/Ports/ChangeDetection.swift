/// How edits are heard. Each way is tried, best first, and proves itself by the events of a write of our own.
package enum ChangeDetection: String {
  /// Keyspace notifications.
  case keyspace
  /// CLIENT TRACKING in broadcast mode, where notifications are off and CONFIG is refused. It needs no setting of the
  /// server.
  case tracking
  /// All documents are read again and again: slow, and said loudly.
  case polling

  /// What is left when this way does not work.
  package var fallback: ChangeDetection? {
    switch self {
    case .keyspace: .tracking
    case .tracking: .polling
    case .polling: nil
    }
  }
}
