import BeatLoop

/// Sentinels that watch over a primary server and name it.
package struct SentinelGroup: Hashable, Sendable {
  /// Where they listen, in the order in which they are asked; at least one.
  package let sentinels: [RedisEndpoint]
  /// What the sentinels call the primary.
  package let masterName: String
  /// The login at the sentinels, which is independent of the login at the servers.
  package let username: String?
  package let password: String?
  /// How connections to the sentinels are secured; nil: without TLS.
  package let security: TLSSettings?
}
