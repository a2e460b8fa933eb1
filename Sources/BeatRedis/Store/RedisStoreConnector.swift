import BeatCore
import BeatLoop

/// Opens sessions with a Redis server as the store.
package final class RedisStoreConnector: StoreConnector {
  private let settings: StoreSettings
  private let keys: RedisKeys
  private let instance: String
  /// The name for the contents of a store that has none.
  private let incarnation: String
  private let maximumDocumentLength: Int
  private let loop: EventLoop
  /// What scans have found out about long names. It outlives connections.
  private let nameScan = NameScan()
  private let home: ClusterHome

  /// - Parameters:
  ///   - instance: the random name of this process.
  ///   - incarnation: a random name for the contents of a store that has none.
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
    home = ClusterHome(keys)
  }

  package var name: String { "\(settings.store)" }

  package let changeDetections = [ChangeDetection.keyspace, .tracking, .polling]

  package func open(
    changeDetection: ChangeDetection, fence: @escaping () -> String, event: @escaping (StoreEvent) -> Void
  ) -> any StoreConnection {
    let connection = RedisStoreConnection(
      settings, keys: keys, instance: instance, maximumDocumentLength: maximumDocumentLength,
      changeDetection: changeDetection,
      nameScan: nameScan, home: home, on: loop
    ) { [settings, instance, incarnation, loop] scripts in
      RedisStoreSession(scripts, settings, as: instance, incarnation: incarnation, on: loop, fence: fence)
    } handle: {
      event($0)
    }
    connection.start()
    return connection
  }
}
