import ReactiveBeat

/// RedBeat's `redbeat_redis_url`: one of ours, or `redis-sentinel://`.
enum RedBeatURL {
  /// Its own name for Sentinel's scheme; the sentinels themselves stand in `redbeat_redis_options` there, whose
  /// `service_name` is `master` unless told otherwise. (Source: redbeat/schedulers.py `get_redis`, 2.4)
  private static let sentinel = "redis-sentinel://"

  static func parse(_ text: String, masterName: String?) throws(RedisURLError) -> RedisURL {
    guard text.hasPrefix(sentinel) else { return try RedisURL(text, masterName: masterName) }
    return try RedisURL(text.replacing(sentinel, with: "sentinel://"), masterName: masterName ?? "master")
  }
}
