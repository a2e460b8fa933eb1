import BeatCore

/// The settings of a session with a Redis server as the store, and of its rehearsals.
package struct StoreSettings {
  let store: RedisURL
  let broker: BrokerSettings
  /// How far ahead of Redis' clock a fire is accepted; microseconds.
  let maximumLead: Int64
  let outboxLimit: Int
  let historyLength: Int

  package init(
    store: RedisURL, broker: BrokerSettings, maximumLead: Int64, outboxLimit: Int, historyLength: Int
  ) {
    self.store = store
    self.broker = broker
    self.maximumLead = maximumLead
    self.outboxLimit = outboxLimit
    self.historyLength = historyLength
  }
}
