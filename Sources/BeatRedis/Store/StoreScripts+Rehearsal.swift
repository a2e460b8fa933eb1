import BeatCore

extension StoreScripts {
  private static let tidyScript = LuaScript(embedded: PackageResources.tidy_lua)

  /// The same scripts on other keys.
  func on(_ keys: RedisKeys) -> StoreScripts {
    StoreScripts(
      connection: connection, keys: keys, kombu: kombu, storeDatabase: storeDatabase, brokerDatabase: brokerDatabase,
      maximumDocumentLength: maximumDocumentLength, maximumLead: maximumLead, delivery: delivery,
      outboxLimit: outboxLimit, historyLength: historyLength)
  }

  /// What removing a rehearsal's keys has shown.
  struct Tidied {
    /// Why a message could not be taken back; nil: it could, or there was none.
    let problem: String?
    let hadHistory: Bool
  }

  /// Removes this value's keys, which are those of a rehearsal. The completion gets neither an answer nor an error if
  /// the connection has died.
  func tidy(as instance: String, then completion: @escaping (Tidied?, RedisServerError?) -> Void) {
    let list = delivery == .direct ? keys.rehearsalQueue : keys.outbox
    Self.tidyScript.evaluate(
      on: connection,
      keys: [list, keys.history, keys.watermark, keys.document(FirePlan.rehearsedEntry), keys.outbox]
        + keys.ofHeartbeat(instance),
      arguments: [storeDatabase, delivery == .direct ? brokerDatabase : storeDatabase].map { Array("\($0)".utf8) }
    ) { reply in completion(reply.flatMap { Tidied($0) }, reply?.error) }
  }

  /// Tries the daemon's commands one by one: the required ones to find the cause of a refusal, or the others to find
  /// what is missing.
  func tryRights(
    queue: String, as instance: String, extent: RightsTrial.Extent = .required, sparing spared: Set<String> = [],
    then completion: @escaping (RightsTrial) -> Void
  ) {
    let scratch = RedisKeys(rehearsing: keys, as: instance).rehearsalQueue
    RightsTrial.run(
      on: connection, keys: keys, kombu: kombu, queue: queue, scratch: scratch,
      places: delivery == .direct ? [.store, .queues] : [.store, .outbox], extent: extent,
      database: storeDatabase == 0 && brokerDatabase == 0 ? nil : storeDatabase,
      sparing: spared.union(historyLength > 0 ? [] : ["XADD"]), then: completion)
  }
}

extension StoreScripts.Tidied {
  /// Reads the answer of `tidy.lua`.
  init?(_ reply: RedisReply) {
    guard let parts = reply.array, parts.count == 2, let word = parts[0].text else { return nil }
    self.init(problem: word == "OK" ? nil : word, hadHistory: parts[1].integer == 1)
  }
}

extension BrokerScripts {
  private static let tidyScript = LuaScript(embedded: PackageResources.tidy_lua)

  /// Removes the keys that a rehearsed delivery has written.
  func tidy(
    _ list: [UInt8], _ other: [UInt8], then completion: @escaping (StoreScripts.Tidied?, RedisServerError?) -> Void
  ) {
    Self.tidyScript.evaluate(
      on: connection, keys: [list, other], arguments: [Array("0".utf8), Array("0".utf8)]
    ) { reply in completion(reply.flatMap { StoreScripts.Tidied($0) }, reply?.error) }
  }
}
