import BeatCore
import BeatLoop

/// Watches a Redis store. It uses two connections beside the client's own.
package final class RedisStoreWatch: StoreWatch {
  private let client: RedisStoreClient
  private let history: RedisStoreClient
  private var stream: NotificationStream?
  private var news = StoreNews()
  private var place: HistoryPlace
  private var isOver = false

  /// Begins to watch: whatever happens from now on is reported.
  ///
  /// - Throws: the store cannot be reached, or this user may not subscribe.
  package init(_ client: RedisStoreClient) throws(StoreError) {
    self.client = client
    history = try RedisStoreClient(
      client.url, keys: client.keys, clientName: "beat-watch-command-runs", at: client.home, on: client.loop)
    place = try client.historyEnd()
    try subscribe()
    readOn()
  }

  deinit {
    stream?.close()
    history.close()
  }

  package func close() {
    isOver = true
    stream?.close()
    history.close()
  }

  package func take() -> StoreNews {
    defer { news = StoreNews() }
    return news
  }

  private func subscribe() throws(StoreError) {
    let (database, keys) = (client.url.database, client.keys)
    var failure: RedisConnectionError?
    client.loop.wait { done in
      let stream = NotificationStream(to: client.connection.endpoint, security: client.url.security, on: client.loop) {
        [weak self] channel, event in
        guard let self,
          let key = KeyspaceNotification(
            channel: channel, database: database, longest: keys.longestDocumentKey + keys.ownPrefix.count)?.key
        else { return }
        heard(key, String(decoding: [UInt8](copying: event), as: UTF8.self))
      } onClose: { [weak self] error in
        failure = error
        done()
        self?.lost(error.message)
      }
      self.stream = stream
      stream.handshake(client.url, clientName: "beat-watch-command-events") { error in
        // The same patterns as the daemon's, since an ACL must hold them literally.
        guard error == nil else { return }
        stream.psubscribe([keys.documentEvents(database: database), keys.events(of: keys.lease, database: database)]) {
          done()
        }
      }
    }
    if let failure { throw StoreError(failure) }
  }

  private func heard(_ key: [UInt8], _ event: String) {
    if let name = client.keys.entry(of: key) {
      news.touched.insert(name)
      if !event.utf8.elementsEqual(KeyspaceFeed.inPlace) { news.edited.insert(name) }
    } else if key == client.keys.lease, ["del", "expired"].contains(event) {
      news.isLeaseChanged = true
    } else {
      return
    }
    wake()
  }

  /// Waits on the server for the next runs, over and over.
  private func readOn() {
    guard !isOver else { return }
    history.connection.send(RedisStoreClient.readHistory(client.keys, after: place)) { [weak self] reply in
      guard let self, !isOver else { return }
      guard let reply else { return lost("\(client.url): the connection was closed") }
      if let error = reply.error { return lost(error.message) }
      let runs = RedisStoreClient.runs(reply, place: &place)
      if !runs.isEmpty {
        news.runs += runs
        wake()
      }
      readOn()
    }
  }

  private func lost(_ reason: String) {
    guard !isOver else { return }
    news.loss = news.loss ?? reason
    wake()
  }

  private func wake() { if client.loop.isRunning { client.loop.stop() } }
}

/// Belongs to its loop's thread.
@available(*, unavailable)
extension RedisStoreWatch: Sendable {}
