import ReactiveBeat

/// RedBeat's `redbeat_redis_url`: a Redis URL as this program reads it, or `redis-sentinel://`.
enum RedBeatURL {
  /// RedBeat's scheme for Sentinel. RedBeat takes the sentinels from `redbeat_redis_options`, where `service_name` is
  /// `master` unless set. (Source: redbeat/schedulers.py `get_redis`, 2.4)
  private static let sentinel = "redis-sentinel://"

  static func parse(_ text: String, masterName: String?) throws(RedisURLError) -> RedisURL {
    guard text.hasPrefix(sentinel) else { return try RedisURL(text, masterName: masterName) }
    return try RedisURL(text.replacing(sentinel, with: "sentinel://"), masterName: masterName ?? "master")
  }
}
