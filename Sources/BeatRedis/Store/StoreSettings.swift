import BeatCore

/// The settings of a session with the store and of its rehearsals.
package struct StoreSettings {
  let store: RedisURL
  let broker: RedisURL
  let transportOptions: TransportOptions
  /// Names that no queue may have.
  let reserved: ReservedKeys
  let defaultQueue: String
  /// How far ahead of Redis' clock a fire is accepted; microseconds.
  let maximumLead: Int64
  let outboxLimit: Int
  let historyLength: Int

  package init(
    store: RedisURL, broker: RedisURL, transportOptions: TransportOptions, reserved: ReservedKeys, defaultQueue: String,
    maximumLead: Int64,
    outboxLimit: Int, historyLength: Int
  ) {
    self.store = store
    self.broker = broker
    self.transportOptions = transportOptions
    self.reserved = reserved
    self.defaultQueue = defaultQueue
    self.maximumLead = maximumLead
    self.outboxLimit = outboxLimit
    self.historyLength = historyLength
  }

  /// The key of the default queue's list, as workers name it.
  var defaultList: [UInt8] { transportOptions.keys.list(of: Array(defaultQueue.utf8), priority: 0) }
}
