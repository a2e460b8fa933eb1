import BeatCore
import BeatLoop

/// Leads to a Redis server as the store.
package final class RedisStoreConnector: StoreConnector {
  private let settings: StoreSettings
  private let keys: RedisKeys
  private let instance: String
  /// The word for a store that has none.
  private let incarnation: String
  private let maximumDocumentLength: Int
  private let loop: EventLoop
  /// What walks have found of names, one after the other, whatever becomes of connections.
  private let nameScan = NameScan()

  /// - Parameters:
  ///   - instance: who we are.
  ///   - incarnation: a random word, for a store that has none.
  package init(
    _ settings: StoreSettings, keys: RedisKeys, as instance: String, incarnation: String, maximumDocumentLength: Int,
    on loop: EventLoop
  ) {
    self.settings = settings
    self.keys = keys
    self.instance = instance
    self.incarnation = incarnation
    self.maximumDocumentLength = maximumDocumentLength
    self.loop = loop
  }

  package var name: String { "\(settings.store)" }

  package func open(
    changeDetection: ChangeDetection, fence: @escaping () -> String, event: @escaping (StoreEvent) -> Void
  ) -> any StoreConnection {
    let connection = RedisStoreConnection(
      settings, keys: keys, instance: instance, maximumDocumentLength: maximumDocumentLength,
      changeDetection: changeDetection,
      nameScan: nameScan, on: loop
    ) { [settings, instance, incarnation, loop] scripts in
      RedisStoreSession(scripts, settings, as: instance, incarnation: incarnation, on: loop, fence: fence)
    } handle: {
      event($0)
    }
    connection.start()
    return connection
  }
}
