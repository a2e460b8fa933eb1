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

  /// What was found when a rehearsal's keys were removed.
  struct Tidied {
    /// Why a message could not be taken back; nil: it could, or there was none.
    let problem: String?
    let hadHistory: Bool
  }

  /// Removes the keys of a rehearsal, which are this value's. Neither an answer nor an error: the connection died.
  func tidy(as instance: String, then completion: @escaping (Tidied?, RedisServerError?) -> Void) {
    let list = delivery == .direct ? keys.rehearsalQueue : keys.outbox
    Self.tidyScript.evaluate(
      on: connection,
      keys: [list, keys.history, keys.watermark, keys.document(FirePlan.rehearsedEntry), keys.outbox]
        + keys.ofHeartbeat(instance),
      arguments: [storeDatabase, delivery == .direct ? brokerDatabase : storeDatabase].map { Array("\($0)".utf8) }
    ) { reply in completion(reply.flatMap { Tidied($0) }, reply?.error) }
  }

  /// Finds out what a refusal was about; or, of what a fire can do without, what is missing.
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
  /// From the answer of `tidy.lua`.
  init?(_ reply: RedisReply) {
    guard let parts = reply.array, parts.count == 2, let word = parts[0].text else { return nil }
    self.init(problem: word == "OK" ? nil : word, hadHistory: parts[1].integer == 1)
  }
}

extension BrokerScripts {
  private static let tidyScript = LuaScript(embedded: PackageResources.tidy_lua)

  /// Removes what a rehearsed delivery has put there.
  func tidy(
    _ list: [UInt8], _ other: [UInt8], then completion: @escaping (StoreScripts.Tidied?, RedisServerError?) -> Void
  ) {
    Self.tidyScript.evaluate(
      on: connection, keys: [list, other], arguments: [Array("0".utf8), Array("0".utf8)]
    ) { reply in completion(reply.flatMap { StoreScripts.Tidied($0) }, reply?.error) }
  }
}
