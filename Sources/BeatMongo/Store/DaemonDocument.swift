/// The `_id`s in the collection of the daemons' own documents.
enum DaemonDocument {
  /// The lease, with the name of the store's contents: `{holder, epoch, until, offered, incarnation}`.
  static let lease = "lease"
  /// The number of sessions that were opened: `{n}`. The messages of a later session come after those of an earlier one.
  static let sessions = "sessions"
  /// What the Celery application says of its tasks: `{manifest}`.
  static let application = "application"

  /// A daemon's heartbeat: `{seq, at}`, and the ones before.
  static func heartbeat(_ instance: String) -> String { heartbeatPrefix + instance }
  static let heartbeatPrefix = "heartbeat:"
  /// What a daemon reports of itself: `{record}`.
  static func record(_ instance: String) -> String { recordPrefix + instance }
  static let recordPrefix = "record:"

  /// The first text behind all that begin with a prefix. A prefix ends with a colon.
  static func end(of prefix: String) -> String { "\(prefix.dropLast());" }
}
