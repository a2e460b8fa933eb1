import BeatCore

/// What the Celery application has published of itself.
extension RedisStoreClient {
  /// The bytes of its manifest; nil: there is none, or one that is too long to be read.
  package func application() throws(StoreError) -> [UInt8]? {
    let length = try command(RedisCommand("STRLEN", keys.application)).integer ?? 0
    guard length > 0, length <= Limit.manifestLength.most else { return nil }
    return try command(RedisCommand("GET", keys.application)).bytes
  }

  /// Stores its manifest if `seen` is still stored (nil: none is); returns false if not.
  package func publishApplication(_ bytes: [UInt8], inPlaceOf seen: [UInt8]?) throws(StoreError) -> Bool {
    let arguments = Self.saving(bytes, inPlaceOf: seen)
    let reply = try evaluate(Self.saveScript, keys: [keys.application, keys.watermark], arguments: arguments)
    return reply.array?.first?.text == "OK"
  }
}
