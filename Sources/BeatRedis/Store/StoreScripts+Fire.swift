import BeatCore

/// The script of fires, which carries out several in one call.
extension StoreScripts {
  private static let fireScript = LuaScript(embedded: PackageResources.fire_lua)

  /// Fires in one call of the script, each with its own outcome. With an outbox, the messages become items that the
  /// relay delivers.
  ///
  /// - Parameters:
  ///   - lists: the lists to which each of them goes.
  ///   - token: the lease's token; empty: there is no lease, and none is checked.
  ///   - history: about how many entries the history keeps.
  func fire(
    _ plans: [FirePlan], on lists: [[UInt8]], token: String, history: Int,
    then completion: @escaping (_ outcome: (Int) -> FireOutcome) -> Void
  ) {
    let isOutbox = delivery == .outbox
    let messages = isOutbox ? plans.map { OutboxItem($0).bytes } : plans.map(\.message)
    var size = 512
    for (plan, message) in zip(plans, messages) {
      size += plan.oldDocument.count + plan.newDocument.count + message.count + 2 * plan.entry.bytes.count + 240
    }
    Self.fireScript.evaluate(on: connection, keys: 3 + lists.count + plans.count, size: size) { [self] command in
      command.append(keys.watermark)
      command.append(keys.lease)
      command.append(keys.history)
      for list in lists { command.append(list) }
      for plan in plans { command.append(joining: keys.prefix, plan.entry.bytes) }
      command.append(token)
      command.append(maximumLead)
      command.append(storeDatabase)
      command.append(isOutbox ? storeDatabase : brokerDatabase)
      command.append(isOutbox ? outboxLimit : 0)
      command.append(history)
      command.append(lists.count)
      for (plan, message) in zip(plans, messages) {
        command.append(plan.entry.bytes)
        command.append(plan.watermark.bytes)
        command.append(plan.oldDocument)
        let unchanged = plan.unchangedLength
        command.append(unchanged)
        command.append(plan.newDocument[unchanged...])
        command.append(message)
        command.append(plan.reason.rawValue)
      }
    } then: { reply in
      // A reply without an answer for each fire is an error or the end of the connection, and counts for all of them.
      let answers = reply?.array.flatMap { plans.count...plans.count + 1 ~= $0.count ? $0 : nil }
      if let answers, answers.count > plans.count, let text = answers.last?.text {
        connection.refused(RedisServerError(text))
      }
      completion { index in
        let outcome = FireOutcome(answers?[index] ?? reply, kombu: kombu) { error in
          BrokerKeys(lists: lists, kombu: kombu).text(of: error, user: connection.user)
        }
        if outcome == .unknown { connection.endMisfit(reply, of: "a fire") }
        return outcome
      }
    }
  }
}

extension FireOutcome {
  private static let done = Array("OK".utf8)

  /// Reads the answer for one occurrence. An answer that the script cannot have given is `unknown`.
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
      // The script has written nothing: errors of the server's state end it before its first write.
      let text = "Redis refused to fire: \(words(error))"
      self =
        error.isOfWrongServer ? .wrongServer(error.text) : error.isOfOurRights ? .forbidden(text) : .refused(text)
      return
    }
    if case .string(let word) = reply, word == Self.done {
      self = .fired
      return
    }
    let parts = reply.array ?? [reply]
    func text(_ index: Int) -> String { parts.indices.contains(index) ? parts[index].text ?? "" : "" }
    switch text(0) {
    case "ALREADY_MINE": self = .alreadyMine
    case "ALREADY": self = .already
    case "GONE": self = .gone
    case "CHANGED": self = .changed
    case "FENCED": self = .fenced
    case "EARLY": self = .early(serverTime: UnixTime(microseconds: Int64(text(1)) ?? 0))
    case "BADQUEUE":
      let list = kombu.wordsWithKey(for: Array(text(1).utf8))
      self = .refused("the queue's key \(list) holds a Redis \(text(2)), not a list: rename or delete it")
    case "FULL":
      self = .refused(
        "the outbox is full: \(Plural.of(parts.last?.integer ?? 0, "message waits", "messages wait")) for the broker; "
          + "what is due waits for room")
    case "ERR":
      // "<command>: <error>"
      let parts = text(1).split(separator: ": ", maxSplits: 1)
      let error = RedisServerError(String(parts.last ?? ""))
      let what = "Redis refused \(parts.first ?? "it"): \(words(error))"
      self =
        error.isOfWrongServer
        ? .wrongServer(error.text) : error.isOfOurRights ? .forbidden(what) : .refused(what)
    default: self = .unknown
    }
  }
}
