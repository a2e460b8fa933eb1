import BeatCore

/// Whether a Redis in cluster mode can be used: a fire is one script, and a script's keys must lie in one hash slot. That
/// they do where they have one hash tag (redis.io, cluster specification).
public enum ClusterFit {
  public static let advice =
    "in cluster mode a script works on keys of one hash slot, and only database 0 is there: give database 0 in both "
    + "URLs, and a --key-prefix and queues with one hash tag, such as {beat}:tasks: and {beat}celery; or use a Redis "
    + "without cluster mode"

  /// Why these settings do not fit a cluster; nil: they do.
  ///
  /// - Parameter queue: the key of the default queue's list, where the broker is the same server; a document may name
  ///   another one.
  public static func problem(_ keys: RedisKeys, database: Int, brokerDatabase: Int?, queue: [UInt8]?) -> String? {
    if database != 0 || brokerDatabase ?? 0 != 0 { return "a database other than 0 was given" }
    guard let tag = tag(of: keys.prefix) else {
      return "the prefix \(EntryName(keys.prefix)) has no hash tag"
    }
    if let queue, Self.tag(of: queue) != tag {
      return "the queue \(EntryName(queue)) has not the hash tag {\(EntryName(tag))} of the prefix"
    }
    return nil
  }

  /// What stands between the first `{` and the next `}`, if anything does: by that alone the slot is chosen.
  static func tag(of key: [UInt8]) -> [UInt8]? {
    guard let start = key.firstIndex(of: UInt8(ascii: "{")),
      let end = key[(start + 1)...].firstIndex(of: UInt8(ascii: "}")), end > start + 1
    else { return nil }
    return Array(key[(start + 1)..<end])
  }
}
