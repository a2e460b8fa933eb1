import BeatLoop

/// What a daemon shows to monitoring, and where.
package struct MonitoringOptions: Hashable, Sendable {
  package var address: ListenAddress
  /// How many schedules have metrics of their own; nil: none has.
  package var schedules: Int?

  package init(address: ListenAddress, schedules: Int? = nil) {
    self.address = address
    self.schedules = schedules
  }
}
