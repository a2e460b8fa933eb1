import BeatCore

/// The workers' queues on a Redis server, by kombu's names. It connects at its first question.
package final class RedisBrokerInspector: BrokerInspector {
  let url: RedisURL
  private let kombu: KombuKeys
  private let keys: RedisKeys
  private var connection: StoreClient?

  /// - Parameter kombu: the workers' names of keys for queues and bindings.
  package init(_ url: RedisURL, keys: RedisKeys, kombu: KombuKeys) {
    self.url = url
    self.keys = keys
    self.kombu = kombu
  }

  /// Uses an open connection.
  init(_ connection: StoreClient, kombu: KombuKeys) {
    self.connection = connection
    url = connection.url
    keys = connection.keys
    self.kombu = kombu
  }

  package var name: String { "\(url)" }

  private func client() throws(StoreError) -> StoreClient {
    if let connection { return connection }
    let new = try StoreClient(url, keys: keys)
    connection = new
    return new
  }

  package func queues(of route: Route) throws(StoreError) -> [[UInt8]] {
    switch route {
    case .queue(let queue): return [Array(queue.utf8)]
    case .exchange(let exchange, let key):
      let members = try client().command(RedisCommand("SMEMBERS", kombu.bindings(of: exchange))).array ?? []
      return kombu.queues(boundBy: members.compactMap(\.bytes), routingKey: key)
    }
  }

  package func place(of queue: [UInt8], priority: Int64) -> [UInt8] { kombu.list(of: queue, priority: priority) }

  package func length(of place: [UInt8]) throws(StoreError) -> Int64? {
    try client().command(RedisCommand("LLEN", place)).integer
  }

  package func contents(of queue: [UInt8]) throws(StoreError) -> QueueContents {
    let lists = kombu.lists(of: queue)
    let types = try client().replies(to: lists.map { RedisCommand("TYPE", $0) }).map { $0.text ?? "none" }
    if let wrong = types.firstIndex(where: { $0 != "list" && $0 != "none" }) {
      let list = lists[wrong]
      return .unusable(
        problem: "\(EntryName(list)) holds a Redis \(types[wrong]), not a list: no message fits in",
        fix: "\(RedisCLI.command(url)) RENAME \(RedisCLI.word(list)) \(RedisCLI.word(list + Array(".foreign".utf8)))")
    }
    let lengths = try client().replies(to: lists.map { RedisCommand("LLEN", $0) })
    guard !lengths.contains(where: { $0.error != nil }) else { return .hidden(right: "+llen") }
    return .messages(lengths.reduce(0) { $0 &+ max(0, $1.integer ?? 0) })
  }

  /// The next message of the first list that is not empty.
  package func nextMessage(of queue: [UInt8]) throws(StoreError) -> Visible<[UInt8]?> {
    let replies = try client().replies(to: kombu.lists(of: queue).map { RedisCommand("LINDEX", $0, "-1") })
    if replies.contains(where: { $0.error != nil }) { return .hidden(right: "+lindex") }
    return .told(replies.compactMap(\.bytes).first)
  }

  /// How many connections wait in BRPOP on the broker's database.
  package func waitingWorkers() throws(StoreError) -> Visible<Int> {
    guard let connections = try client().connections() else { return .hidden(right: "+client|list") }
    return .told(connections.count { $0["cmd"] == "brpop" && $0["db"] == "\(url.database)" })
  }
}
