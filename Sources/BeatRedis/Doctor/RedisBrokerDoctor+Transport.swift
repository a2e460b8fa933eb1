import BeatCore

/// Checks whether the workers on the broker use the same names of keys as this command.
extension RedisBrokerDoctor {
  /// The most pages of 5,000 keys that are scanned. A larger database is not scanned to its end.
  private static let mostPages = 400
  private static let bindings = Array("_kombu.binding.".utf8)
  private static let pidbox = Array(".pidbox".utf8)

  package func examineNames(of queues: Set<[UInt8]>) throws {
    if !transport.unknown.isEmpty {
      findings.add(
        .warning, "transport",
        "Celery's Redis transport does not know \(transport.unknown.prefix(10).joined(separator: ", "))",
        fix: "correct --broker-transport-options (CELERY_BROKER_TRANSPORT_OPTIONS)")
    }
    for queue in queues.sorted(by: { $0.lexicographicallyPrecedes($1) }) where kombu.isMistaken(queue) {
      findings.add(
        .problem, "transport", "queue \(EntryName(queue)): \(kombu.mistake)",
        fix: "another \"queue\" in the documents, or another sep for workers and daemons")
    }
    guard let broker = client else { return }
    let workers = layoutsOfWorkers(on: broker)
    // Applications with other settings may share a database, so one with the settings of this command is enough.
    guard let other = workers.first, !workers.contains(where: { isOurs($0) }) else { return }
    let steps = kombu.prioritySteps
    let theirs = KombuKeys(
      globalPrefix: other.prefix, separator: other.separator ?? kombu.separator, prioritySteps: steps)
    findings.add(
      .problem, "transport",
      "the workers on \(broker.url) have other broker_transport_options (\(theirs)) than this command (\(kombu)): "
        + "what is sent waits where they do not look",
      fix: "--broker-transport-options \(RedisCLI.quoted("\(theirs)")) for all daemons and commands "
        + "(CELERY_BROKER_TRANSPORT_OPTIONS)")
  }

  private typealias Layout = (prefix: [UInt8], separator: [UInt8]?)

  private func isOurs(_ layout: Layout) -> Bool {
    layout.prefix == kombu.globalPrefix && (layout.separator ?? kombu.separator) == kombu.separator
  }

  /// Finds the prefix and separator of the workers that run now, by the queues on which they receive `celery inspect`:
  /// only workers declare these, and they vanish when a worker ends. Empty also if this user may not look.
  private func layoutsOfWorkers(on broker: RedisStoreClient) -> [Layout] {
    var layouts: [Layout] = []
    var pages = 0
    try? broker.walk("SCAN") {
      RedisCommand("SCAN", $0, "MATCH", "*_kombu.binding.*.pidbox", "COUNT", 5000)
    } _: { found throws(StoreError) in
      for key in found.compactMap(\.bytes) where layouts.count < 20 {
        guard let start = key.firstRange(of: Self.bindings)?.lowerBound,
          // Queues for the answers to `celery inspect` do not count.
          !key[start...].starts(with: Self.bindings + Array("reply.".utf8))
        else { continue }
        let members = (try? broker.command(RedisCommand("SRANDMEMBER", key, "1")))?.array
        layouts.append((Array(key[..<start]), members?.first?.bytes.flatMap { Self.separator(of: $0) }))
      }
      pages += 1
      return pages < Self.mostPages
    }
    return layouts
  }

  /// The separator of a member whose routing key and pattern are empty: the member begins with it twice.
  private static func separator(of member: [UInt8]) -> [UInt8]? {
    (1...16).last { length in
      2 * length < member.count && member[..<length] == member[length..<(2 * length)] && member.suffix(7) == pidbox[...]
    }.map { Array(member[..<$0]) }
  }
}
