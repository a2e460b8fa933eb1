import Testing

/// Tests that need what the server of `scripts/test --server` may lack are skipped there, and say so.
extension Trait where Self == ConditionTrait {
  static var needsTLS: Self { .enabled(if: RedisServer.hasTLS, "\(RedisServer.program) was built without TLS") }

  static var needsChannelRights: Self {
    .enabled(if: RedisServer.hasChannelRights, "users have no rights on channels before Redis 6.2")
  }

  /// redis-py 8 asks by `ZRANGE … BYSCORE`, with which no worker starts on Redis 6.0.
  static var needsWorkers: Self {
    .enabled(if: RedisServer.hasChannelRights, "Celery workers with redis-py 8 do not start on Redis before 6.2")
  }

  /// - Parameter what: what Redis 7.0 has brought.
  static func needsRedis7(_ what: String) -> Self {
    .enabled(if: RedisServer.isRedis7, "Redis before 7.0 has no \(what)")
  }
}
