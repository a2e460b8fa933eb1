import BeatCore

/// A daemon's settings, given at start.
package struct DaemonConfiguration {
  package var scheduler: SchedulerConfiguration
  package var leadership: Leadership.Configuration
  /// The waits between rehearsals while something is missing, the first and the longest; microseconds.
  package var rehearsalDelays: ClosedRange<Int64> = 1_000_000...30_000_000
  /// The waits between attempts to connect to the store, the first and the longest; microseconds.
  package var reconnectDelays = Backoff.usual
  /// How often all documents are read while edits are found by polling; microseconds.
  package var pollInterval: Int64 = 5_000_000
  /// How often an audit compares all documents with what the daemon knows; microseconds. nil: never.
  package var auditInterval: Int64?
  /// Whether edits are timed, from the event until they are in force, and reported as `DaemonEvent.inForce`.
  package var timesEdits = false
  /// How long a stop waits for commands that are on their way; microseconds.
  package var stopPatience: Int64 = 5_000_000
  /// The part of the daemon's record that never changes.
  package var record: DaemonRecord
  /// Makes the context for reading documents: it reads the zone rules, and takes the rules that the store sets for
  /// routes, and what the application says. Throws if the default zone is unknown.
  package var documents: (RouteRules?, ApplicationManifest?) throws -> DocumentContext
  /// Drops the zone rules that were read, so that `documents` reads them again.
  package var forgetZones: () -> Void = {}

  package var instance: String { leadership.instance }

  package init(
    scheduler: SchedulerConfiguration, leadership: Leadership.Configuration, record: DaemonRecord,
    documents: @escaping (RouteRules?, ApplicationManifest?) throws -> DocumentContext
  ) {
    self.scheduler = scheduler
    self.leadership = leadership
    self.record = record
    self.documents = documents
  }
}
