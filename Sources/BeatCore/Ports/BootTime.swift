/// A point on the clock that counts from the machine's start, in microseconds, for leases and heartbeats. The clock
/// goes on during suspend, and no user can set it. It does not mix with `UnixTime`.
package struct BootTime: Hashable, Comparable, Sendable {
  package var microseconds: Int64

  package init(microseconds: Int64) { self.microseconds = microseconds }

  package func advanced(by microseconds: Int64) -> BootTime {
    BootTime(microseconds: self.microseconds &+ microseconds)
  }

  package func microseconds(since earlier: BootTime) -> Int64 { microseconds &- earlier.microseconds }

  package static func < (left: BootTime, right: BootTime) -> Bool { left.microseconds < right.microseconds }
}
