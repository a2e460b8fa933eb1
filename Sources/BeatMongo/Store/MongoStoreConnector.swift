import BeatCore
import BeatLoop

/// The settings of a session with MongoDB as the store.
package struct MongoStoreSettings: Sendable {
  let url: MongoURL
  let place: MongoPlace
  /// How far ahead of the server's clock a fire is accepted; microseconds.
  let maximumLead: Int64
  let maximumDocumentLength: Int
  let outboxLimit: Int
  let historyLength: Int

  package init(
    _ url: MongoURL, _ place: MongoPlace, maximumLead: Int64, maximumDocumentLength: Int, outboxLimit: Int,
    historyLength: Int
  ) {
    self.url = url
    self.place = place
    self.maximumLead = maximumLead
    self.maximumDocumentLength = maximumDocumentLength
    self.outboxLimit = outboxLimit
    self.historyLength = historyLength
  }
}

/// Opens sessions with a MongoDB server as the store.
package final class MongoStoreConnector: StoreConnector {
  private let settings: MongoStoreSettings
  private let instance: String
  /// The name for the contents of a store that has none.
  private let incarnation: String
  private let loop: EventLoop

  /// - Parameters:
  ///   - instance: the random name of this process.
  ///   - incarnation: a random name for the contents of a store that has none.
  package init(_ settings: MongoStoreSettings, as instance: String, incarnation: String, on loop: EventLoop) {
    self.settings = settings
    self.instance = instance
    self.incarnation = incarnation
    self.loop = loop
  }

  package var name: String { "\(settings.url)" }

  package let changeDetections = [ChangeDetection.stream, .polling]

  package func open(
    changeDetection: ChangeDetection, fence: @escaping () -> String, event: @escaping (StoreEvent) -> Void
  ) -> any StoreConnection {
    let connection = MongoStoreConnection(
      settings, as: instance, incarnation: incarnation, changeDetection: changeDetection, on: loop, fence: fence,
      handle: event)
    connection.start()
    return connection
  }
}
