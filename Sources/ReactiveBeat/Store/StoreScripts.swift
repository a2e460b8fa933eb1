import BeatCore

/// The Lua scripts, with the two databases of one server that they work on.
struct StoreScripts {
  private static let readScript = LuaScript(embedded: PackageResources.read_lua)
  private static let fireScript = LuaScript(embedded: PackageResources.fire_lua)
  private static let anchorScript = LuaScript(embedded: PackageResources.anchor_lua)
  private static let rebaseScript = LuaScript(embedded: PackageResources.rebase_lua)
  private static let pulseScript = LuaScript(embedded: PackageResources.pulse_lua)
  private static let releaseScript = LuaScript(embedded: PackageResources.release_lua)
  private static let forgetScript = LuaScript(embedded: PackageResources.forget_lua)
  private static let declareScript = LuaScript(embedded: PackageResources.declare_lua)
  private static let bindingsScript = LuaScript(embedded: PackageResources.bindings_lua)

  let connection: RedisConnection
  let keys: RedisKeys
  let maximumDocumentLength: Int
  /// Microseconds; see `BeatConfiguration.maximumLead`.
  let maximumLead: Int64
  private let store: [UInt8]
  private let broker: [UInt8]

  init(
    connection: RedisConnection, keys: RedisKeys, storeDatabase: Int, brokerDatabase: Int, maximumDocumentLength: Int,
    maximumLead: Int64
  ) {
    self.connection = connection
    self.keys = keys
    self.maximumDocumentLength = maximumDocumentLength
    self.maximumLead = maximumLead
    store = Array("\(storeDatabase)".utf8)
    broker = Array("\(brokerDatabase)".utf8)
  }

  /// Documents with their marks. `nil`: the connection died, or the server refused, which ends it too.
  func read(_ names: [EntryName], then completion: @escaping ([Scheduler.DocumentRead]?, RedisServerError?) -> Void) {
    Self.readScript.evaluate(
      on: connection, keys: [keys.mark] + names.map(keys.document),
      arguments: [Array("\(maximumDocumentLength)".utf8)] + names.map(\.bytes)
    ) { reply in
      guard let answers = reply?.array, answers.count == names.count else { return completion(nil, reply?.error) }
      completion(answers.map(Self.documentRead), nil)
    }
  }

  private static func documentRead(_ reply: RedisReply) -> Scheduler.DocumentRead {
    let parts = reply.array ?? []
    let mark = parts.last?.bytes.flatMap { Mark($0) }
    let type = parts.first?.text ?? "none"
    if type == "none" { return Scheduler.DocumentRead(.absent, mark: mark) }
    guard type == "string" else { return Scheduler.DocumentRead(.wrongType(type), mark: mark) }
    if parts.count == 4, let bytes = parts[2].bytes { return Scheduler.DocumentRead(.document(bytes), mark: mark) }
    let length = parts.count > 1 ? parts[1].integer ?? 0 : 0
    return Scheduler.DocumentRead(.tooLong(Int(clamping: length)), mark: mark)
  }

  /// `true` if the mark was kept, `false` if a newer one stands there.
  func anchor(_ name: EntryName, _ mark: Mark, then completion: @escaping (Bool) -> Void) {
    Self.anchorScript.evaluate(on: connection, keys: [keys.mark], arguments: [name.bytes, mark.bytes]) { reply in
      completion(reply?.integer != 0)
    }
  }

  /// `false` if the mark did not hold `time` any more.
  func rebase(_ name: EntryName, from time: UnixTime, to mark: Mark, then completion: @escaping (Bool) -> Void) {
    Self.rebaseScript.evaluate(
      on: connection, keys: [keys.mark], arguments: [name.bytes, Array(Mark.digits(time).utf8), mark.bytes]
    ) { reply in completion(reply?.integer != 0) }
  }

  /// `true` if the mark is gone; `false` if the schedule is back, or its mark is another one.
  func forget(_ name: EntryName, _ mark: [UInt8], then completion: @escaping (Bool) -> Void) {
    Self.forgetScript.evaluate(
      on: connection, keys: [keys.mark, keys.document(name)], arguments: [name.bytes, mark]
    ) { completion($0?.integer == 1) }
  }

  /// Makes a queue known as kombu does, so that purging, inspecting and named exchanges find it.
  func declare(queue: String) {
    let binding = QueueBinding(queue: queue)
    Self.declareScript.evaluate(
      on: connection, keys: [RedisKeys.bindings(queue), RedisKeys.permanentBindings(queue)],
      arguments: [binding.member, store, broker]
    ) { _ in }
  }

  /// - Parameter clock: ours, read when the reply is there.
  /// Neither a reply nor an error: the connection died.
  func pulse(
    _ request: PulseRequest, instance: String, incarnation: String, clock: @escaping () -> UnixTime,
    then completion: @escaping (PulseReply?, RedisServerError?) -> Void
  ) {
    let arguments = [
      "\(request.sequence)", "10000", incarnation, instance, "\((request.leaseTTL ?? 0) / 1000)",
    ]
    Self.pulseScript.evaluate(
      on: connection, keys: [keys.heartbeat(instance), keys.incarnation, keys.lease, keys.epoch],
      arguments: arguments.map { Array($0.utf8) }
    ) { reply in
      guard let parts = reply?.array, parts.count == 6 else { return completion(nil, reply?.error) }
      let text = parts.map { $0.text ?? "" }
      let serverTime = (Int64(text[4]) ?? 0) &* 1_000_000 &+ (Int64(text[5]) ?? 0)
      completion(
        PulseReply(
          sequence: request.sequence, previousSequence: Int64(text[0]), incarnation: text[1],
          lease: text[2].hasPrefix(instance + ":")
            ? .held(token: text[2]) : .other(token: text[2], remaining: (parts[3].integer ?? 0) &* 1000),
          clockDifference: UnixTime(microseconds: serverTime).microseconds(since: clock())), nil)
    }
  }

  /// Gives the lease back, so that the next daemon need not wait for it to run out.
  func release(_ token: String, then completion: @escaping () -> Void) {
    Self.releaseScript.evaluate(on: connection, keys: [keys.lease], arguments: [Array(token.utf8)]) { _ in completion()
    }
  }

  /// The queues that a message to `exchange` goes to.
  func queues(
    boundTo exchange: String, routingKey: String, then completion: @escaping ([[UInt8]]?, RedisServerError?) -> Void
  ) {
    Self.bindingsScript.evaluate(
      on: connection, keys: [RedisKeys.bindings(exchange)], arguments: [store, broker]
    ) { reply in
      guard let members = reply?.array else { return completion(nil, reply?.error) }
      let key = Array(routingKey.utf8)
      let bindings = members.compactMap { $0.bytes.flatMap { QueueBinding(member: $0) } }.filter { $0.matches(key) }
      completion(Set(bindings.map(\.queue)).sorted { $0.lexicographicallyPrecedes($1) }, nil)
    }
  }

  /// - Parameter token: of the lease; empty: the lease is not asked for.
  func fire(_ plan: FirePlan, to queues: [[UInt8]], token: String, then completion: @escaping (FireOutcome) -> Void) {
    let lists = queues.map { RedisKeys.queue($0, priority: plan.priority) }
    Self.fireScript.evaluate(
      on: connection, keys: [keys.document(plan.entry), keys.mark, keys.lease] + lists,
      arguments: [
        Array(token.utf8), plan.oldDocument, plan.newDocument, plan.message, plan.entry.bytes,
        Array(Mark.digits(plan.due).utf8),
        Array(plan.taskID.description.utf8), plan.mark.bytes, Array("\(maximumLead)".utf8), store, broker,
      ]
    ) { reply in completion(FireOutcome(reply)) }
  }
}

extension FireOutcome {
  init(_ reply: RedisReply?) {
    guard let reply else {
      self = .unknown
      return
    }
    if let error = reply.error {
      // The script had not begun, or had not written: environment errors end it before its first write.
      self = error.isOfWrongServer ? .wrongServer(error.message) : .refused("Redis refused to fire: \(error.message)")
      return
    }
    let parts = reply.array ?? []
    func text(_ index: Int) -> String { parts.indices.contains(index) ? parts[index].text ?? "" : "" }
    switch text(0) {
    case "OK": self = .fired
    case "ALREADY_MINE": self = .alreadyMine
    case "ALREADY": self = .already
    case "GONE": self = .gone
    case "CHANGED": self = .changed
    case "FENCED": self = .fenced
    case "EARLY": self = .early(serverTime: UnixTime(microseconds: Int64(text(1)) ?? 0))
    case "BADQUEUE":
      self = .refused("the queue's key \(EntryName(text(1))) holds a Redis \(text(2)), not a list; delete it")
    case "ERR": self = .refused("Redis refused \(text(1))")
    default: self = .refused("the fire script gave an unknown answer")
    }
  }
}

extension LuaScript {
  init(embedded bytes: [UInt8]) { self.init(String(decoding: bytes, as: UTF8.self)) }
}
