import BeatCore

/// The workers' queues on a Redis server, by kombu's names. It connects at its first question.
package final class RedisBrokerInspector: BrokerInspector {
  let url: RedisURL
  private let kombu: KombuKeys
  private let keys: RedisKeys
  private var connection: RedisStoreClient?

  /// - Parameter kombu: the workers' names of keys for queues and bindings.
  package init(_ url: RedisURL, keys: RedisKeys, kombu: KombuKeys) {
    self.url = url
    self.keys = keys
    self.kombu = kombu
  }

  /// Uses an open connection.
  init(_ connection: RedisStoreClient, kombu: KombuKeys) {
    self.connection = connection
    url = connection.url
    keys = connection.keys
    self.kombu = kombu
  }

  package var name: String { "\(url)" }
  package let idleWorkerNote = "  # with the priority_steps of --broker-transport-options, if there are any"
  package let priorityRule = "0 is served first"

  private func client() throws(StoreError) -> RedisStoreClient {
    if let connection { return connection }
    let new = try RedisStoreClient(url, keys: keys, isStore: ClusterFit(keys) != nil)
    connection = new
    return new
  }

  package func target(of route: Route) throws(StoreError) -> RouteTarget {
    switch route {
    case .queue(let queue): return .queues([Array(queue.utf8)])
    case .exchange(let exchange, let key):
      let reply = try ask(
        RedisCommand("SMEMBERS", kombu.bindings(of: exchange)), of: BrokerKeys(bindingsOf: exchange, kombu: kombu))
      let members = reply.array ?? []
      return .queues(kombu.queues(boundBy: members.compactMap(\.bytes), routingKey: key))
    }
  }

  package func place(of queue: [UInt8], priority: Int64) -> [UInt8] { kombu.list(of: queue, priority: priority) }
  package func queue(of place: [UInt8]) -> [UInt8] { kombu.place(of: place)?.queue ?? place }
  package func words(for place: [UInt8]) -> String { kombu.words(for: place) }
  package func command(for place: [UInt8]) -> String { "LPUSH \(kombu.keyWithWords(for: place))" }

  package func length(of place: [UInt8]) throws(StoreError) -> Int64? {
    try ask(RedisCommand("LLEN", place), of: BrokerKeys(lists: [place], kombu: kombu)).integer
  }

  private func ask(_ command: RedisCommand, of keys: BrokerKeys) throws(StoreError) -> RedisReply {
    let client = try client()
    let reply = try client.replies(to: [command])[0]
    if let error = reply.error {
      throw StoreError(error, advice: keys.advice(for: error, user: client.url.username), from: url)
    }
    return reply
  }

  /// The right that this user lacks to see a queue.
  private func right(_ command: String, _ queue: [UInt8], _ error: RedisServerError) -> String {
    error.isOfAKey ? BrokerKeys(lists: [place(of: queue, priority: 0)], kombu: kombu).grants[0] : command
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
    if let error = lengths.lazy.compactMap(\.error).first { return .hidden(right: right("+llen", queue, error)) }
    return .messages(lengths.reduce(0) { $0 &+ max(0, $1.integer ?? 0) })
  }

  /// The next message of the first list that is not empty.
  package func standstill(of queue: [UInt8]) throws(StoreError) -> Visible<[UInt8]?> {
    let replies = try client().replies(to: kombu.lists(of: queue).map { RedisCommand("LINDEX", $0, "-1") })
    if let error = replies.lazy.compactMap(\.error).first { return .hidden(right: right("+lindex", queue, error)) }
    return .told(replies.compactMap(\.bytes).first)
  }

  /// How many connections wait in BRPOP on the broker's database, for whichever queue.
  package func waitingWorkers(on queues: Set<[UInt8]>) throws(StoreError) -> Visible<Int> {
    guard let connections = try client().connections() else { return .hidden(right: "+client|list") }
    return .told(connections.count { $0["cmd"] == "brpop" && $0["db"] == "\(url.database)" })
  }
}
