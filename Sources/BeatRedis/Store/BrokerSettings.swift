import BeatCore

/// The settings for the broker of a Redis store.
package struct BrokerSettings {
  /// nil: the broker is no Redis server, so that messages go through the outbox.
  let url: RedisURL?
  let transportOptions: TransportOptions
  /// Names that no queue may have.
  let reserved: ReservedKeys
  let defaultQueue: String

  package init(_ url: RedisURL?, transportOptions: TransportOptions, reserved: ReservedKeys, defaultQueue: String) {
    self.url = url
    self.transportOptions = transportOptions
    self.reserved = reserved
    self.defaultQueue = defaultQueue
  }

  /// The key of the default queue's list, as workers name it.
  var defaultList: [UInt8] { transportOptions.keys.list(of: Array(defaultQueue.utf8), priority: 0) }
}
