import BeatCore

/// What a Redis in cluster mode can be used for: a fire is one script, and a script's keys must lie in one hash slot. That
/// they do where they have one hash tag (redis.io, cluster specification).
package struct ClusterFit: Hashable, Sendable {
  package static let advice =
    "in cluster mode a script works on keys of one hash slot, and only database 0 is there: give database 0 in both "
    + "URLs, and a --key-prefix and queues with one hash tag, such as {beat}:tasks: and {beat}celery; or use a Redis "
    + "without cluster mode"

  /// The hash tag of the documents' prefix.
  private let tag: [UInt8]

  /// nil: the prefix has no hash tag, and nothing can be fired.
  package init?(_ keys: RedisKeys) {
    guard let tag = Self.tag(of: keys.prefix) else { return nil }
    self.tag = tag
  }

  /// Why no message can be pushed to a list beside these documents; nil: it can. The one rule for a daemon's default queue,
  /// for a document's own, and for those that an exchange leads to.
  ///
  /// - Parameter queue: as people know it; nil: by the list's key.
  package func problem(ofList list: [UInt8], queue: String? = nil) -> String? {
    guard Self.tag(of: list) != tag else { return nil }
    return
      "the queue \(queue?.printable ?? EntryName(list).description) has not the hash tag {\(EntryName(tag))} of the prefix"
  }

  /// Why these settings do not fit a cluster; nil: they do.
  ///
  /// - Parameter queue: the key of the default queue's list, where the broker is the same server.
  package static func problem(_ keys: RedisKeys, database: Int, brokerDatabase: Int?, queue: [UInt8]?) -> String? {
    if database != 0 || brokerDatabase ?? 0 != 0 { return "a database other than 0 was given" }
    guard let fit = ClusterFit(keys) else { return "the prefix \(EntryName(keys.prefix)) has no hash tag" }
    return queue.flatMap { fit.problem(ofList: $0) }
  }

  /// What stands between the first `{` and the next `}`, if anything does: by that alone the slot is chosen.
  static func tag(of key: [UInt8]) -> [UInt8]? {
    guard let start = key.firstIndex(of: UInt8(ascii: "{")),
      let end = key[(start + 1)...].firstIndex(of: UInt8(ascii: "}")), end > start + 1
    else { return nil }
    return Array(key[(start + 1)..<end])
  }
}

extension ClusterFit {
  /// For those who read documents: why a document's queue cannot be used; nil: it can.
  ///
  /// - Parameters:
  ///   - queue: the document's; nil: it names none.
  ///   - kombu: the workers' names for queues.
  func problem(ofDocumentsQueue queue: String?, defaultQueue: String, kombu: KombuKeys) -> String? {
    let name = queue ?? defaultQueue
    guard let problem = problem(ofList: kombu.list(of: Array(name.utf8), priority: 0), queue: name) else { return nil }
    let example = "name one that has it, such as {\(EntryName(tag))}celery"
    return "\(problem), which a fire in cluster mode cannot do without: "
      + (queue == nil ? "\(example), or give --default-queue (CELERY_TASK_DEFAULT_QUEUE)" : example)
  }

  /// The same documents, without those that no fire could send.
  package func applied(to context: DocumentContext, defaultQueue: String, kombu: KombuKeys) -> DocumentContext {
    var context = context
    context.queueProblem = { queue in problem(ofDocumentsQueue: queue, defaultQueue: defaultQueue, kombu: kombu) }
    return context
  }
}

extension StoreClient {
  /// What a fire can reach on this store, where it is in cluster mode; nil: it is not, or nothing fits, or it does not say.
  package func clusterFit() throws(StoreError) -> ClusterFit? {
    if let knownFit { return knownFit }
    let fit = try askForClusterFit()
    knownFit = .some(fit)
    return fit
  }

  private func askForClusterFit() throws(StoreError) -> ClusterFit? {
    // A cluster has no other database.
    guard url.database == 0, let info = try replies(to: [RedisCommand("INFO", "cluster")])[0].text,
      ServerInfo(info).isCluster
    else { return nil }
    return ClusterFit(keys)
  }

  package func problem(ofPlace place: [UInt8], named name: String) throws(StoreError) -> String? {
    try clusterFit()?.problem(ofList: place, queue: name)
  }
}
