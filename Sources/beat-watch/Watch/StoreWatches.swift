import BeatCore
import ReactiveBeat

/// Begins a watch on any kind of store.
enum StoreWatches {
  /// - Parameter loop: the loop of the client's thread, on which the watch tells its news.
  static func begin(_ client: any StoreEditor, on loop: EventLoop) throws -> any StoreWatch {
    if let client = client as? RedisStoreClient { return try RedisStoreWatch(client) }
    guard let client = client as? MongoStoreClient else {
      throw CommandError(.unavailable, "watch does not know this kind of store")
    }
    return try MongoStoreWatch(client, on: loop)
  }
}
