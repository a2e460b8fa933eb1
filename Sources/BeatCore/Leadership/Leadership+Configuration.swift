extension Leadership {
  package struct Configuration: Sendable {
    /// Who we are: in the lease, in the heartbeat's key.
    package var instance: String
    /// Between two heartbeats; microseconds. With a short lease a third of it: the holder stops when half of it has gone by
    /// without an answer, and one late answer must not be the end.
    package var period: Int64 = 1_000_000
    /// How long a lease lasts that is not renewed; microseconds. nil: no lease, and each daemon fires.
    package var leaseTTL: Int64?
    /// How long the heartbeat's own event may take; microseconds.
    package var echoPatience: Int64 = 2_000_000
    /// The same in a storm of edits, where ours may be behind others that are on their way; microseconds.
    package var stormPatience: Int64 = 30_000_000
    /// So many events between two heartbeats are a storm: with fewer, ours cannot be late by seconds.
    package var storm = 5000
    /// How long a heartbeat is kept, by Redis' clock; microseconds.
    package var heartbeatLife: Int64 = 10_000_000
    /// How far Redis' clock may be from ours before it is worth a line; microseconds.
    package var clockTolerance: Int64 = 2_000_000

    package init(instance: String, leaseTTL: Int64?) {
      self.instance = instance
      self.leaseTTL = leaseTTL
      if let leaseTTL { period = min(period, max(leaseTTL / 3, 100_000)) }
    }
  }
}
