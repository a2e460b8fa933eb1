import BeatCore
import ReactiveBeat

/// Our own keys, the documents, and the queues they lead to.
extension Doctor {
  /// How many of one kind are named.
  static let named = 5

  func examineKeys() throws {
    let keys = client.keys
    let own = [
      keys.mark, keys.outbox, keys.receipts, keys.history, keys.manual, keys.daemons, keys.lease, keys.epoch,
      keys.incarnation,
    ]
    let types = try client.replies(to: own.map { RedisCommand("TYPE", $0) })
    var isInOrder = true
    for (name, reply) in zip(own, types) {
      guard let type = reply.text, type != "none", type != keys.type(of: name) else { continue }
      isInOrder = false
      add(
        .problem, "keys", "\(EntryName(name)) holds a Redis \(type), and ours is a \(keys.type(of: name))",
        fix: "\(cli) RENAME \(key(name)) \(key(name + Array(".foreign".utf8)))")
    }
    if isInOrder { add(.ok, "keys", "the daemon's own keys have their types") }
    try examinePrefixes()
  }

  /// Other prefixes in the same database: somebody else's, or a mistake in ours?
  private func examinePrefixes() throws {
    var found: Set<String> = []
    var walk = ScanWalk()
    repeat {
      let reply = try client.command(RedisCommand("SCAN", walk.cursor, "MATCH", "reactivebeat:*:mark", "COUNT", 5000))
      guard let page = walk.take(reply) else { return }
      for name in page {
        if let bytes = name.bytes, bytes != client.keys.mark {
          found.insert("\(EntryName(Array(bytes.dropFirst("reactivebeat:".utf8.count).dropLast("mark".utf8.count))))")
        }
      }
    } while !walk.isAtEnd
    if !found.isEmpty {
      let prefixes = found.sorted().prefix(Self.named).joined(separator: ", ")
      add(
        .warning, "prefixes", "schedules of another prefix have been fired from this database: \(prefixes)",
        fix: "if they are yours: --key-prefix, or CELERY_REDIS_SCHEDULER_KEY_PREFIX, the same for all")
    }
  }

  func examineDocuments() throws {
    let now = try client.time()
    let names = try client.names()
    if let ignored = client.ignoredNames {
      add(.warning, "documents", ignored, fix: "find out who writes there, and delete these keys")
    }
    var (rejected, doubtful, overdue): ([String], [String], [String]) = ([], [], [])
    var routes: [Route: [EntryName]] = [:]
    var survey = StoreClient.DueSurvey()
    let context = dueContext
    try client.eachDocument(names) { [self] document in
      guard !document.isAbsent else { return }
      let standing = ScheduleStanding(document.name, document.read, context: context, now: now)
      survey.add(standing)
      if case .rejected(let reason) = standing.state { return rejected.append("\(document.name): \(reason)") }
      doubtful += standing.warnings.map { "\(document.name): \($0)" }
      guard case .enabled = standing.state else { return }
      if let since = standing.overdueSince, now.microseconds(since: since) > FiringHealth.patience {
        overdue.append("\(document.name) is overdue since \(TimeWords.short(since))")
      }
      if let bytes = document.bytes, let definition = try? ScheduleDocument(bytes, context: context).definition {
        routes[Route(definition.options, defaultQueue: defaultQueue), default: []].append(document.name)
      }
    }
    func tell(_ level: Finding.Level, _ what: String, _ list: [String], _ fix: String) {
      for text in list.prefix(Self.named) { add(level, "documents", text, fix: fix) }
      if list.count > Self.named { add(level, "documents", "and \(list.count - Self.named) more \(what)", fix: fix) }
    }
    tell(.problem, "that cannot be used", rejected, "beat-watch edit NAME (`beat-watch lint` shows all that is wrong)")
    tell(.warning, "that look doubtful", doubtful, "beat-watch edit NAME")
    if isFiring {
      tell(.problem, "that are overdue", overdue, "look for `held` and this name in the log of the daemon that fires")
    }
    if let doubt = PrefixDoubt(client.keys.prefix, names: names) {
      add(
        .warning, "prefixes", doubt.words,
        fix: doubt.probable.bytes.isEmpty
          ? "the prefix as the schedules' keys begin with it" : "--key-prefix \(Self.quoted("\(doubt.probable)"))")
    }
    if survey.count == 0 {
      let others = try client.neighbours()
      add(
        .warning, "documents",
        others.isEmpty
          ? "no schedule stands under \(EntryName(client.keys.prefix)) in \(client.url)"
          : HealthNote.neighbours(others, client),
        fix: others.first.map { "--key-prefix \(Self.quoted($0.description))" }
          ?? "is it the right database and --key-prefix? `\(cli) INFO keyspace` shows where keys are")
    } else if rejected.isEmpty, doubtful.isEmpty {
      add(.ok, "documents", "\(Plural.of(survey.count, "schedule")), all understood")
    }
    try examineFiring(survey)
    if let broker { try examineQueues(routes, on: broker) }
  }
}
