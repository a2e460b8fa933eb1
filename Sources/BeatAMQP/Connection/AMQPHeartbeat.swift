/// When a connection sends a heartbeat, and when its peer has been silent for too long.
///
/// A tick comes four times in two heartbeats. Silence is counted in ticks and not in time: a process that was stopped for a
/// minute finds one tick, and then the bytes that have come meanwhile. (Source: AMQP 0-9-1, section 4.2.7: a peer that is
/// silent for two heartbeats is gone.)
struct AMQPHeartbeat {
  private static let mostQuietTicks = 4

  /// From one tick to the next; microseconds.
  let pause: Int64
  private var hasSent = false
  private var quietTicks = 0

  /// - Parameter seconds: from one heartbeat to the next, at least 1.
  init(seconds: UInt16) { pause = max(1, Int64(seconds)) * 500_000 }

  mutating func sent() { hasSent = true }
  mutating func received() { quietTicks = 0 }

  enum Need {
    case nothing
    case heartbeat
    /// The peer is gone.
    case end
  }

  mutating func tick() -> Need {
    quietTicks += 1
    guard quietTicks <= Self.mostQuietTicks else { return .end }
    defer { hasSent = false }
    return hasSent ? .nothing : .heartbeat
  }
}
