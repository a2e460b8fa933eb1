import BeatCore
import ReactiveBeat

/// Our own keys, the documents, and the queues they lead to.
extension Doctor {
  /// How many of one kind are named.
  static let named = 5

  func examineKeys() throws {
    let keys = client.keys
    let misfits = try client.misfits()
    for (name, type) in misfits {
      add(
        .problem, "keys", "\(EntryName(name)) holds a Redis \(type), and ours is a \(keys.type(of: name))",
        fix: "\(cli) RENAME \(key(name)) \(key(name + Array(".foreign".utf8)))")
    }
    if misfits.isEmpty { add(.ok, "keys", "the daemon's own keys have their types") }
    try examinePrefixes()
  }

  /// Other prefixes in the same database: somebody else's, or a mistake in ours?
  private func examinePrefixes() throws {
    let found = try client.otherPrefixes()
    if !found.isEmpty {
      let prefixes = found.prefix(Self.named).joined(separator: ", ")
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
    typealias Remark = (text: String, fix: String)
    let inLog = "look for `held` and this name in the log of the daemon that fires"
    var (rejected, doubtful, overdue): ([Remark], [Remark], [Remark]) = ([], [], [])
    var routes: [Route: [EntryName]] = [:]
    var survey = StoreClient.DueSurvey()
    let context = dueContext
    try client.eachDocument(names) { [self] document in
      guard !document.isAbsent else { return }
      let standing = ScheduleStanding(document.name, document.read, context: context, now: now)
      survey.add(standing)
      if case .rejected(let reason) = standing.state {
        return rejected.append(("\(document.name): \(reason)", mending(document)))
      }
      doubtful += standing.warnings.map { ("\(document.name): \($0)", mending(document)) }
      guard case .enabled = standing.state else { return }
      if let since = standing.overdueSince, now.microseconds(since: since) > FiringHealth.patience {
        overdue.append(("\(document.name) is overdue since \(TimeWords.short(since))", inLog))
      }
      if let bytes = document.bytes, let definition = try? ScheduleDocument(bytes, context: context).definition {
        routes[Route(definition.options, defaultQueue: defaultQueue), default: []].append(document.name)
      }
    }
    func tell(_ level: Finding.Level, _ what: String, _ list: [Remark], _ fix: String) {
      for remark in list.prefix(Self.named) { add(level, "documents", remark.text, fix: remark.fix) }
      if list.count > Self.named { add(level, "documents", "and \(list.count - Self.named) more \(what)", fix: fix) }
    }
    tell(.problem, "that cannot be used", rejected, "`beat-watch lint` shows all that is wrong")
    tell(.warning, "that look doubtful", doubtful, "`beat-watch lint` shows all that is wrong")
    if isFiring { tell(.problem, "that are overdue", overdue, inLog) }
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

  /// How to mend a document: in an editor, where there is one that `edit` reads.
  private func mending(_ document: StoredDocument) -> String {
    if document.bytes != nil { return ShellWords.command("edit", document.name) }
    let key = client.keys.document(document.name)
    let isPlain = "\(EntryName(key))".utf8.elementsEqual(key)
    return isPlain ? "\(cli) DEL \(self.key(key))" : "\(cli), and there: DEL \(Self.inRedisCLI(key))"
  }

  /// A key of any bytes as redis-cli reads it at its own prompt: a shell has no word for some of them.
  private static func inRedisCLI(_ key: [UInt8]) -> String {
    let text = key.map { byte in
      (0x20...0x7E).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
        ? String(Unicode.Scalar(byte)) : "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
    return "\"\(text.joined())\""
  }
}
