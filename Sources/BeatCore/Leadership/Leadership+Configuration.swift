extension Leadership {
  package struct Configuration: Sendable {
    /// The random name of this process, in the lease's token and in the heartbeat's key.
    package var instance: String
    /// The time between two heartbeats; microseconds. It is at most a third of the lease: a holder stops firing when
    /// half of the lease has passed without an answer, and one late answer must not cause that.
    package var period: Int64 = 1_000_000
    /// How long a lease lasts without renewal; microseconds. nil: there is no lease, and each daemon fires.
    package var leaseTTL: Int64?
    /// How long the heartbeat's own event may take; microseconds.
    package var echoPatience: Int64 = 2_000_000
    /// The same in a storm of edits, where the heartbeat's event queues behind those of the edits; microseconds.
    package var stormPatience: Int64 = 30_000_000
    /// From this many events between two heartbeats on, it is a storm. With fewer, the heartbeat's event cannot be late
    /// by seconds.
    package var storm = 5000
    /// How far the store's clock may differ from this machine's wall clock before it is reported; microseconds.
    package var clockTolerance: Int64 = 2_000_000

    package init(instance: String, leaseTTL: Int64?) {
      self.instance = instance
      self.leaseTTL = leaseTTL
      if let leaseTTL { period = min(period, max(leaseTTL / 3, 100_000)) }
    }
  }
}
