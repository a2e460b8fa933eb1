import BeatCore

/// What a daemon is told at start.
package struct DaemonConfiguration {
  package var scheduler: SchedulerConfiguration
  package var leadership: Leadership.Configuration
  /// Between rehearsals while something is missing, the first and the longest; microseconds.
  package var rehearsalDelays: ClosedRange<Int64> = 1_000_000...30_000_000
  /// The waits before the store is tried again: at first, and at most; microseconds.
  package var reconnectDelays = Backoff.usual
  /// How often all documents are read where no edit can be heard; microseconds.
  package var pollInterval: Int64 = 5_000_000
  /// How often all documents are compared with what is known; microseconds. nil: never.
  package var auditInterval: Int64?
  /// How long a stop waits for what is on its way; microseconds.
  package var stopPatience: Int64 = 5_000_000
  /// What the daemon tells of itself, as far as it never changes.
  package var record: DaemonRecord
  /// Reads the rules of zones, for the routes that a store can reach. Throws: the default zone is unknown.
  package var documents: (RouteRules?) throws -> DocumentContext
  /// Lets zones be read anew.
  package var forgetZones: () -> Void = {}

  package var instance: String { leadership.instance }

  package init(
    scheduler: SchedulerConfiguration, leadership: Leadership.Configuration, record: DaemonRecord,
    documents: @escaping (RouteRules?) throws -> DocumentContext
  ) {
    self.scheduler = scheduler
    self.leadership = leadership
    self.record = record
    self.documents = documents
  }
}
