import BeatCore

/// What a Redis in cluster mode can be used for. A fire is one script, and all keys of a script must lie in one hash
/// slot. Keys with the same hash tag do (redis.io, cluster specification).
package struct ClusterFit: Hashable, Sendable {
  package static let advice =
    "in cluster mode a script works on keys of one hash slot, and only database 0 is there: give database 0 in both "
    + "URLs, and a --key-prefix and queues with one hash tag, such as {beat}:tasks: and {beat}celery; or use a Redis "
    + "without cluster mode"

  /// The hash tag of the documents' prefix. A queue's list must have the same one.
  private let tag: [UInt8]
  /// Where all keys with this tag are.
  package var slot: HashSlot { HashSlot(of: tag) }

  /// nil: the prefix has no hash tag, so that nothing can be fired.
  package init?(_ keys: RedisKeys) {
    guard let tag = Self.tag(of: keys.prefix) else { return nil }
    self.tag = tag
  }

  /// Why no message can be pushed to a list beside these documents; nil: it can. This one rule serves for a daemon's
  /// default queue, for a document's own queue, and for the queues that an exchange leads to.
  ///
  /// - Parameter queue: the queue's name as users know it, for the text; nil: the text shows the list's key.
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
    guard let fit = ClusterFit(keys) else { return spread(keys) }
    return queue.flatMap { fit.problem(ofList: $0) }
  }

  /// What is wrong with a prefix without a hash tag, with what to write instead.
  static func spread(_ keys: RedisKeys) -> String {
    let tag = keys.prefix.filter { !"{}".utf8.contains($0) }
    let name = tag.last == UInt8(ascii: ":") ? tag.dropLast() : tag[...]
    let tagged = "{\(name.isEmpty ? "beat" : EntryName(Array(name)).description)}"
    return
      "the prefix \(EntryName(keys.prefix)) has no hash tag, so that its keys are on many nodes: write --key-prefix "
      + "'\(tagged):', or CELERY_REDIS_SCHEDULER_KEY_PREFIX, and where the broker is this cluster, too, --default-queue "
      + "'\(tagged)celery'"
  }

  /// The bytes between the first `{` and the next `}`, if there are any. They alone choose the slot.
  static func tag(of key: [UInt8]) -> [UInt8]? {
    guard let start = key.firstIndex(of: UInt8(ascii: "{")),
      let end = key[(start + 1)...].firstIndex(of: UInt8(ascii: "}")), end > start + 1
    else { return nil }
    return Array(key[(start + 1)..<end])
  }
}

extension ClusterFit {
  /// Why a document's queue cannot be used, for the reader of documents; nil: it can be used.
  ///
  /// - Parameters:
  ///   - queue: the queue that the document names; nil: it names none.
  ///   - kombu: how the workers name the lists of their queues.
  func problem(ofDocumentsQueue queue: String?, defaultQueue: String, kombu: KombuKeys) -> String? {
    let name = queue ?? defaultQueue
    guard let problem = problem(ofList: kombu.list(of: Array(name.utf8), priority: 0), queue: name) else { return nil }
    let example = "name one that has it, such as {\(EntryName(tag))}celery"
    return "\(problem), which a fire in cluster mode cannot do without: "
      + (queue == nil ? "\(example), or give --default-queue (CELERY_TASK_DEFAULT_QUEUE)" : example)
  }

  /// A context that rejects documents whose queue no fire could reach in this cluster.
  package func applied(to context: DocumentContext, defaultQueue: String, kombu: KombuKeys) -> DocumentContext {
    var context = context
    context.queueProblem = { queue in problem(ofDocumentsQueue: queue, defaultQueue: defaultQueue, kombu: kombu) }
    return context
  }
}

extension RedisStoreClient {
  /// What a fire can reach on this store; nil: the store is not in cluster mode, or does not say so.
  package var clusterFit: ClusterFit? { home.fit }
}
