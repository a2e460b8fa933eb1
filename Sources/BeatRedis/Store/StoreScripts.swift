import BeatCore

/// The Lua scripts, with the two databases of one server that they work on.
package struct StoreScripts {
  private static let readScript = LuaScript(embedded: PackageResources.read_lua)
  private static let fireScript = LuaScript(embedded: PackageResources.fire_lua)
  private static let anchorScript = LuaScript(embedded: PackageResources.anchor_lua)
  private static let rebaseScript = LuaScript(embedded: PackageResources.rebase_lua)
  private static let pulseScript = LuaScript(embedded: PackageResources.pulse_lua)
  private static let releaseScript = LuaScript(embedded: PackageResources.release_lua)
  private static let outboxScript = LuaScript(embedded: PackageResources.outbox_lua)

  package let connection: RedisConnection
  package let keys: RedisKeys
  /// The workers' names for queues and bindings.
  let kombu: KombuKeys
  let maximumDocumentLength: Int
  /// Microseconds; see `StoreSettings.maximumLead`.
  let maximumLead: Int64
  package let delivery: Delivery
  /// How many messages may wait in the outbox.
  let outboxLimit: Int
  /// About how many fires the history keeps; 0: none.
  let historyLength: Int
  let storeDatabase: Int
  let brokerDatabase: Int
  /// Where the server is in cluster mode: what a fire can reach.
  package var cluster: ClusterFit?
  /// How the documents' names are found.
  var nameScan = NameScan()
  /// Told how many fields were taken out of a key of our own, which were too long to be ours.
  var onRemoval: ((_ fields: Int, _ key: [UInt8]) -> Void)?

  init(
    connection: RedisConnection, keys: RedisKeys, kombu: KombuKeys, storeDatabase: Int, brokerDatabase: Int,
    maximumDocumentLength: Int, maximumLead: Int64, delivery: Delivery, outboxLimit: Int, historyLength: Int
  ) {
    self.connection = connection
    self.keys = keys
    self.kombu = kombu
    self.maximumDocumentLength = maximumDocumentLength
    self.maximumLead = maximumLead
    self.delivery = delivery
    self.outboxLimit = outboxLimit
    self.historyLength = historyLength
    self.storeDatabase = storeDatabase
    self.brokerDatabase = brokerDatabase
  }

  /// Documents with their marks: of so many of the names, from the first on, as a reply has room for (`Limit.pageLength`).
  /// `nil`: the connection died, or the server refused, which ends it too.
  func read(_ names: [EntryName], then completion: @escaping ([Scheduler.DocumentRead]?, RedisServerError?) -> Void) {
    let size = names.reduce(272) { $0 + keys.prefix.count + 2 * $1.bytes.count + 32 }
    Self.readScript.evaluate(on: connection, keys: 1 + names.count, size: size) {
      [keys, maximumDocumentLength] command in
      command.append(keys.mark)
      for name in names { command.append(joining: keys.prefix, name.bytes) }
      command.append(maximumDocumentLength)
      command.append(Limit.pageLength.most)
      command.append(Limit.markLength.most)
      for name in names { command.append(name.bytes) }
    } then: { [connection] reply in
      if let reads = Self.documentReads(reply, most: names.count) { return completion(reads, nil) }
      connection.endMisfit(reply, of: "a read of documents")
      completion(nil, reply?.error)
    }
  }

  /// From the answer of `read.lua`.
  private static func documentReads(_ reply: RedisReply?, most: Int) -> [Scheduler.DocumentRead]? {
    guard let parts = reply?.array, parts.count == 3, let documents = parts[0].array, let marks = parts[1].array,
      let unread = parts[2].pairs, documents.count <= most, !documents.isEmpty || most == 0,
      marks.count == documents.count
    else { return nil }
    var reads = zip(documents, marks).map { document, mark in
      Scheduler.DocumentRead(document.bytes.map { .document($0) } ?? .absent, MarkState(mark.bytes))
    }
    for (place, what) in unread {
      guard let place = place.integer.map({ Int(clamping: $0) &- 1 }), reads.indices.contains(place) else { continue }
      let type = what.text ?? "none"
      if let length = what.integer {
        reads[place].content = .tooLong(Int(clamping: length))
      } else {
        reads[place].content = type == "none" ? .absent : .wrongType(type)
      }
    }
    return reads
  }

  /// Keeps marks where there are none.
  ///
  /// - Parameter completion: gets the names of those where another mark stands, or why none was kept.
  package func anchor(
    _ marks: [(name: EntryName, mark: Mark)], then completion: @escaping ([EntryName], RedisServerError?) -> Void
  ) {
    Self.anchorScript.evaluate(
      on: connection, keys: [keys.mark], arguments: marks.flatMap { [$0.name.bytes, $0.mark.bytes] }
    ) { [connection] reply in
      if reply?.array?.count != marks.count { connection.endMisfit(reply, of: "marks to keep") }
      completion(zip(marks, reply?.array ?? []).compactMap { $1.integer == 0 ? $0.name : nil }, reply?.error)
    }
  }

  /// `false` if the mark did not hold `time` any more, or the lease is another daemon's.
  package func rebase(
    _ name: EntryName, from time: UnixTime, to mark: Mark, token: String,
    then completion: @escaping (Bool, RedisServerError?) -> Void
  ) {
    Self.rebaseScript.evaluate(
      on: connection, keys: [keys.mark, keys.lease],
      arguments: [name.bytes, Array(Mark.digits(time).utf8), mark.bytes, Array(token.utf8), [], []]
    ) { [self] reply in completion(isReplaced(reply), reply?.error) }
  }

  /// The same for a mark that cannot be read, which must hold these bytes.
  package func mend(
    _ name: EntryName, from bytes: [UInt8], to mark: Mark, token: String,
    then completion: @escaping (Bool, RedisServerError?) -> Void
  ) {
    Self.rebaseScript.evaluate(
      on: connection, keys: [keys.mark, keys.lease],
      arguments: [
        name.bytes, [], mark.bytes, Array(token.utf8), bytes, Array("\(Limit.markLength.most)".utf8),
      ]
    ) { [self] reply in completion(isReplaced(reply), reply?.error) }
  }

  private func isReplaced(_ reply: RedisReply?) -> Bool {
    if reply?.integer == nil { connection.endMisfit(reply, of: "a comparison of marks") }
    return reply?.integer != 0
  }

  /// Neither a reply nor an error: the connection died.
  package func pulse(
    _ request: HeartbeatRequest, instance: String, incarnation: String,
    then completion: @escaping (HeartbeatReply?, RedisServerError?) -> Void
  ) {
    // With the sequence: after a flush we are the ones who give the store its word again, and must notice that.
    let arguments = [
      "\(request.sequence)", "10000", "\(incarnation).\(request.sequence)", instance,
      "\((request.leaseTTL ?? 0) / 1000)", request.claim.rawValue, request.isOffering ? "1" : "0",
    ]
    Self.pulseScript.evaluate(
      on: connection, keys: keys.ofHeartbeat(instance), arguments: arguments.map { Array($0.utf8) }
    ) { [keys, connection] reply in
      guard let parts = reply?.array, parts.count == 8, let damages = parts[7].pairs else {
        connection.endMisfit(reply, of: "a heartbeat")
        return completion(nil, reply?.error)
      }
      let text = parts.map { $0.text ?? "" }
      completion(
        HeartbeatReply(
          sequence: request.sequence, previousSequence: Int64(text[0]), incarnation: text[1],
          lease: Self.lease(text[2], of: instance, remaining: parts[3].integer, isOffered: parts[6].integer == 1),
          serverTime: UnixTime(told: text[4], text[5]), clockDifference: 0,
          damaged: Self.damages(damages, keys, keys.ofHeartbeat(instance))), nil)
    }
  }

  private static func damages(
    _ pairs: [(RedisReply, RedisReply)], _ names: RedisKeys, _ keys: [[UInt8]]
  ) -> [HeartbeatReply.Damage] {
    pairs.compactMap { place, found in
      guard let place = place.integer.map({ Int(clamping: $0) &- 1 }), keys.indices.contains(place) else { return nil }
      let key = keys[place]
      return HeartbeatReply.Damage(place: key, found: found.bytes ?? [], remedy: remedy(key, names))
    }
  }

  private static func remedy(_ key: [UInt8], _ keys: RedisKeys) -> String {
    switch key {
    case keys.lease:
      "a daemon takes its place at once if it cannot be a lease, and else when it has run out, as it may be a newer "
        + "version's; if none runs, delete it"
    case keys.epoch: "the time takes its place, where it is a string, and counts where it is not"
    case keys.incarnation: "only its beginning counts, and a store that was exchanged may be noticed late; delete it"
    default: "the daemon goes on without it; delete it"
    }
  }

  private static func lease(
    _ token: String, of instance: String, remaining: Int64?, isOffered: Bool
  ) -> HeartbeatReply.Lease {
    if token.isEmpty { return .free }
    if token.hasPrefix(instance + ":") { return .held(token: token) }
    return .other(token: token, remaining: (remaining ?? 0) &* 1000, isOffered: isOffered)
  }

  /// Those of our own keys that hold another type than ours, each with what to do about it. Not called if the connection
  /// dies.
  package func misfits(among suspects: [[UInt8]], then completion: @escaping ([String]) -> Void) {
    var misfits: [String] = []
    for (index, key) in suspects.enumerated() {
      connection.send(RedisCommand("TYPE", key)) { [keys] reply in
        guard let reply else { return }
        let needed = keys.type(of: key)
        let type = reply.text ?? needed
        if type != needed, type != "none" {
          misfits.append(
            "the key \(EntryName(key)) holds a Redis \(type), and ours is a \(needed): rename or delete it")
        }
        if index == suspects.count - 1 { completion(misfits) }
      }
    }
  }

  /// Gives the lease back, so that the next daemon need not wait for it to run out.
  package func release(_ instance: String, then completion: @escaping (RedisServerError?) -> Void) {
    Self.releaseScript.evaluate(on: connection, keys: [keys.lease], arguments: [Array(instance.utf8)]) { reply in
      completion(reply?.error)
    }
  }

  /// The scripts for the broker's database of this same server.
  var onBroker: BrokerScripts {
    BrokerScripts(connection: connection, kombu: kombu, database: storeDatabase, brokerDatabase: brokerDatabase)
  }

  /// Fires in one script, each with an outcome of its own. In the outbox, their messages become items, which the relay
  /// finds there.
  ///
  /// - Parameters:
  ///   - lists: that all of them go to.
  ///   - token: of the lease; empty: the lease is not asked for.
  func fire(
    _ plans: [FirePlan], on lists: [[UInt8]], token: String,
    then completion: @escaping (_ outcome: (Int) -> FireOutcome) -> Void
  ) {
    let isOutbox = delivery == .outbox
    let messages = isOutbox ? plans.map { OutboxItem($0).bytes } : plans.map(\.message)
    var size = 512
    for (plan, message) in zip(plans, messages) {
      size += plan.oldDocument.count + plan.newDocument.count + message.count + 2 * plan.entry.bytes.count + 240
    }
    Self.fireScript.evaluate(on: connection, keys: 3 + lists.count + plans.count, size: size) { [self] command in
      command.append(keys.mark)
      command.append(keys.lease)
      command.append(keys.history)
      for list in lists { command.append(list) }
      for plan in plans { command.append(joining: keys.prefix, plan.entry.bytes) }
      command.append(token)
      command.append(maximumLead)
      command.append(storeDatabase)
      command.append(isOutbox ? storeDatabase : brokerDatabase)
      command.append(isOutbox ? outboxLimit : 0)
      command.append(historyLength)
      command.append(lists.count)
      for (plan, message) in zip(plans, messages) {
        command.append(plan.entry.bytes)
        command.append(plan.mark.bytes)
        command.append(plan.oldDocument)
        command.append(plan.kept)
        command.append(plan.newDocument[plan.kept...])
        command.append(message)
        command.append(plan.reason.rawValue)
      }
    } then: { reply in
      // Without an answer for each it is an error, or the end of the connection, and counts for all of them.
      let answers = reply?.array.flatMap { plans.count...plans.count + 1 ~= $0.count ? $0 : nil }
      if let answers, answers.count > plans.count, let text = answers.last?.text {
        connection.refused(RedisServerError(text))
      }
      completion { index in
        let outcome = FireOutcome(answers?[index] ?? reply, kombu: kombu)
        if outcome == .unknown { connection.endMisfit(reply, of: "a fire") }
        return outcome
      }
    }
  }

  // MARK: the outbox

  /// What an `outbox.lua` has read.
  struct Outbox {
    /// Items in the whole outbox; negative: those that were to be skipped are not in their places any more.
    var count: Int
    /// Those read, the oldest first.
    var items: [[UInt8]]
  }

  /// The oldest items but for the first `skipped`, the last of which is `newest`: at most `count`, and no more than about
  /// `bytes` of them. Neither items nor an error: the connection died.
  func outbox(
    skipping skipped: Int, through newest: [UInt8]? = nil, count: Int, bytes: Int,
    then completion: @escaping (Outbox?, RedisServerError?) -> Void
  ) {
    Self.outboxScript.evaluate(
      on: connection, keys: [keys.outbox],
      arguments: [skipped, count, bytes].map { Array("\($0)".utf8) } + [
        newest ?? [], Array("\(Limit.outboxItem.most)".utf8),
      ]
    ) { [connection] reply in
      guard let parts = reply?.array, let length = parts.first?.integer else {
        connection.endMisfit(reply, of: "a read of the outbox")
        return completion(nil, reply?.error)
      }
      completion(Outbox(count: Int(clamping: length), items: parts.dropFirst().compactMap(\.bytes)), nil)
    }
  }

  /// Takes the oldest item with these bytes out. `nil`: the connection died; an error: it may still be there.
  func removeFromOutbox(_ item: [UInt8], then completion: @escaping (Result<Void, RedisServerError>?) -> Void) {
    connection.send(RedisCommand("LREM", keys.outbox, -1, item)) { [connection] reply in
      if let reply, reply.error == nil, reply.integer == nil {
        connection.endMisfit(reply, of: "taking a message out of the outbox")
        return completion(nil)
      }
      completion(reply.map { $0.error.map { .failure($0) } ?? .success(()) })
    }
  }
}

extension UnixTime {
  /// From the answer to TIME; nil: it is none, or not between 1970 and 9999.
  init?(told seconds: String?, _ microseconds: String?) {
    guard let seconds = seconds.flatMap({ Int64($0) }), let microseconds = microseconds.flatMap({ Int64($0) }),
      (0..<253_402_300_800).contains(seconds), (0..<1_000_000).contains(microseconds)
    else { return nil }
    self = UnixTime(seconds: seconds).advanced(by: microseconds)
  }
}

extension FireOutcome {
  private static let done = Array("OK".utf8)

  /// From the answer to one occurrence; `unknown` also if that is none.
  /// - Parameter kombu: by which the queue's list was named.
  init(_ reply: RedisReply?, kombu: KombuKeys = .standard) {
    guard let reply else {
      self = .unknown
      return
    }
    if let error = reply.error {
      // The script had not begun, or had not written: environment errors end it before its first write.
      let text = "Redis refused to fire: \(error.text)"
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
      let what = "Redis refused \(parts.first ?? "it"): \(error.text)"
      self =
        error.isOfWrongServer
        ? .wrongServer(error.text) : error.isOfOurRights ? .forbidden(what) : .refused(what)
    default: self = .unknown
    }
  }
}

extension LuaScript {
  init(embedded bytes: [UInt8]) { self.init(String(decoding: bytes, as: UTF8.self)) }
}
