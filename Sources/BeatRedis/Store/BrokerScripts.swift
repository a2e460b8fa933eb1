import BeatCore

/// The Lua scripts for the broker's database. They run on a connection to the broker, or on one to the store if both
/// are one server.
struct BrokerScripts {
  private static let declareScript = LuaScript(embedded: PackageResources.declare_lua)
  private static let bindingsScript = LuaScript(embedded: PackageResources.bindings_lua)
  private static let relayScript = LuaScript(embedded: PackageResources.relay_lua)
  /// How long the broker remembers the task id of a message, seconds: `waiting` from its delivery, while it may still
  /// be in the outbox, and `removed` from when it was taken out. The second is shorter, since nothing asks for these
  /// ids any more and they fill a busy broker's memory.
  private static let memory = (waiting: 604_800, removed: 3_600)

  let connection: RedisConnection
  /// The workers' names of keys for queues and bindings.
  let kombu: KombuKeys
  /// The numbers of the connection's database and of the broker's.
  private let databases: [[UInt8]]

  init(connection: RedisConnection, kombu: KombuKeys, database: Int, brokerDatabase: Int) {
    self.connection = connection
    self.kombu = kombu
    databases = [database, brokerDatabase].map { Array("\($0)".utf8) }
  }

  /// Declares a queue as kombu does, so that purging, inspecting and named exchanges find it.
  func declare(queue: String) {
    Self.declareScript.evaluate(
      on: connection, keys: [kombu.bindings(of: queue), kombu.permanentBindings(of: queue)],
      arguments: [kombu.member(QueueBinding(queue: queue))] + databases
    ) { _ in }
  }

  /// The queues to which a message to `exchange` goes. The completion gets neither queues nor an error if the
  /// connection has died.
  func queues(
    boundTo exchange: String, routingKey: String, then completion: @escaping ([[UInt8]]?, RedisServerError?) -> Void
  ) {
    Self.bindingsScript.evaluate(
      on: connection, keys: [kombu.bindings(of: exchange)], arguments: databases
    ) { [kombu, connection] reply in
      guard let members = reply?.array else {
        connection.endMisfit(reply, of: "the bindings of an exchange")
        return completion(nil, reply?.error)
      }
      completion(kombu.queues(boundBy: members.compactMap(\.bytes), routingKey: routingKey), nil)
    }
  }

  /// The text of an error with which an exchange's bindings were refused.
  func text(of error: RedisServerError, boundTo exchange: String) -> String {
    BrokerKeys(bindingsOf: exchange, kombu: kombu).text(of: error, user: connection.user)
  }

  /// Puts a message of the outbox on its lists unless it is there already.
  ///
  /// - Parameters:
  ///   - message: as workers read it.
  ///   - predecessors: the tasks whose messages must have been delivered before.
  func relay(
    _ message: [UInt8], of task: TaskID, to lists: [[UInt8]], after predecessors: [TaskID],
    then completion: @escaping (RelayOutcome) -> Void
  ) {
    Self.relayScript.evaluate(
      on: connection, keys: ([task] + predecessors).map(RedisKeys.delivered) + lists,
      arguments: [message, Array("\(Self.memory.waiting)".utf8), Array("\(predecessors.count)".utf8)]
    ) { [kombu, connection] reply in
      let outcome = RelayOutcome(reply, kombu: kombu) { error in
        BrokerKeys(lists: lists, kombu: kombu).text(of: error, user: connection.user)
      }
      if outcome == .unknown { connection.endMisfit(reply, of: "a message of the outbox") }
      completion(outcome)
    }
  }

  /// Shortens the memory of an item that has been taken out of the outbox.
  func removed(_ item: OutboxItem) {
    // If the server refuses, the id is only remembered longer.
    connection.send(RedisCommand("EXPIRE", RedisKeys.delivered(item.taskID), Self.memory.removed)) { _ in }
  }
}

/// What became of one message of the outbox.
enum RelayOutcome: Equatable {
  case delivered
  /// It had been delivered before.
  case duplicate
  /// A predecessor has not been delivered yet.
  case tooSoon
  /// Nothing was changed; the text names the reason and the key.
  case refused(String)
  /// The same, for a reason that concerns messages of all clients, such as full memory.
  case unable(String)
  /// This server refuses every write, and a new connection may lead to one that does not; the text is the server's.
  case wrongServer(String)
  /// The connection died first.
  case unknown

  /// Reads the script's reply. A reply that the script cannot have given is `unknown`.
  ///
  /// - Parameters:
  ///   - kombu: the names by which the queue's list was named.
  ///   - text: an error's text for people.
  init(_ reply: RedisReply?, kombu: KombuKeys = .standard, text words: (RedisServerError) -> String = \.text) {
    guard let reply else {
      self = .unknown
      return
    }
    if let error = reply.error {
      self = Self.refused("it", error, words)
      return
    }
    let parts = reply.array ?? []
    func text(_ index: Int) -> String { parts.indices.contains(index) ? parts[index].text ?? "" : "" }
    switch text(0) {
    case "OK": self = .delivered
    case "DUPLICATE": self = .duplicate
    case "AFTER": self = .tooSoon
    case "BADQUEUE":
      self = .refused(
        "the queue's key \(kombu.wordsWithKey(for: Array(text(1).utf8))) on the broker holds a Redis \(text(2)), "
          + "not a list: rename or delete it")
    case "ERR":
      self = Self.refused(text(1), RedisServerError(text(2)), words)
    default: self = .unknown
    }
  }

  private static func refused(
    _ what: String, _ error: RedisServerError, _ words: (RedisServerError) -> String
  ) -> RelayOutcome {
    if error.isOfWrongServer { return .wrongServer(error.text) }
    let reason = "the broker refused \(what): \(words(error))"
    return error.isOfTheServer ? .unable(reason) : .refused(reason)
  }
}
