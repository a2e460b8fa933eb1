import BeatCore

/// What the Celery application has published of itself.
extension StoreClient {
  /// The bytes of its manifest; nil: there is none, or one that is too long to be read.
  package func application() throws(StoreError) -> [UInt8]? {
    let length = try command(RedisCommand("STRLEN", keys.application)).integer ?? 0
    guard length > 0, length <= Limit.manifestLength.most else { return nil }
    return try command(RedisCommand("GET", keys.application)).bytes
  }
}
