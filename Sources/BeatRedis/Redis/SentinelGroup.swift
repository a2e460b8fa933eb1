/// Sentinels that watch over a primary server and name it.
public struct SentinelGroup: Hashable, Sendable {
  /// Where they listen, in the order in which they are asked; at least one.
  public let sentinels: [RedisEndpoint]
  /// What the sentinels call the primary.
  public let masterName: String
  /// To log in at the sentinels, which is apart from logging in at the servers.
  public let username: String?
  public let password: String?
  /// How the sentinels are talked to, or nil: without TLS.
  public let security: TLSSettings?
}
