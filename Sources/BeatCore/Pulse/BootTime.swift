/// A point on the clock that counts from the machine's start, suspend included, and that nobody can set: for leases and
/// heartbeats. It does not mix with `UnixTime`.
public struct BootTime: Hashable, Comparable, Sendable {
  public var microseconds: Int64

  public init(microseconds: Int64) { self.microseconds = microseconds }

  public func advanced(by microseconds: Int64) -> BootTime {
    BootTime(microseconds: self.microseconds &+ microseconds)
  }

  public func microseconds(since earlier: BootTime) -> Int64 { microseconds &- earlier.microseconds }

  public static func < (left: BootTime, right: BootTime) -> Bool { left.microseconds < right.microseconds }
}
