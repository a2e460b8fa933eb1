/// How much a client may send and how long it may take. Times are microseconds.
package struct HTTPLimits: Hashable, Sendable {
  /// The longest request line and header fields together; bytes.
  package var head = 16_384
  /// The longest target; bytes.
  package var target = 8_192
  /// The largest number of header fields.
  package var fields = 100
  /// The longest body; bytes.
  package var body = 0
  /// How much all bodies that are still coming may have together; bytes.
  package var bodies = 67_108_864
  /// The largest number of connections. One more ends the one that has waited longest for a request; if all requests are
  /// being answered, it is refused.
  package var connections = 64
  /// The time for a request's head, from its first byte, or from the connection's beginning for the first.
  package var headTime: Int64 = 5_000_000
  /// The time for a request's body.
  package var bodyTime: Int64 = 30_000_000
  /// How long a connection may be idle between two requests.
  package var idleTime: Int64 = 75_000_000
  /// How long a client may take nothing of what is sent to it.
  package var responseTime: Int64 = 10_000_000
  /// How much may wait for a client before more is sent to it; bytes. One response may be longer.
  package var unsent = 262_144

  package init() {}
}
