import BeatCore

/// All Redis keys and channels of this project, each with its Redis type. For those of workers see `KombuKeys`.
///
/// The daemon's own keys are beside the documents' prefix and not under it, so a client that lists `tasks:meta:*` finds
/// only documents.
package struct RedisKeys: Hashable, Sendable {
  /// The prefix of the documents' keys, such as `tasks:meta:`.
  package let prefix: [UInt8]

  /// The prefix of all of the daemon's own keys, on the store and on the broker, whatever the documents' prefix is.
  package static let namespace = Array("reactivebeat:".utf8)

  /// The prefix of the daemon's own keys for this documents' prefix.
  private let base: [UInt8]

  package init(prefix: String) {
    self.prefix = Array(prefix.utf8)
    base = Self.namespace + self.prefix
  }

  /// The keys of a rehearsal, on which a daemon tries what it may do. No other client reads them. All of them, the
  /// documents' too, are where an ACL allows a daemon its own keys, and none is among the schedules.
  package init(rehearsing keys: RedisKeys, as instance: String) {
    base = keys.own("rehearsal:\(instance):")
    prefix = base + Array("document:".utf8)
  }

  // MARK: on the store

  /// The namespace of task ids. A schedule's task ids are made from its document's key.
  package var taskIDs: TaskIDNamespace { TaskIDNamespace(prefix) }

  /// STRING, one schedule document.
  package func document(_ name: EntryName) -> [UInt8] { prefix + name.bytes }

  /// HASH, entry name -> `Watermark`: the newest due time that was fired, or the time first seen.
  package var watermark: [UInt8] { own("mark") }

  /// LIST, `OutboxItem`s that wait for a broker which is another server; the newest at the head.
  package var outbox: [UInt8] { own("outbox") }

  /// STREAM, messages that the broker will never take: task id, destination, reason and the `OutboxItem`. A person puts
  /// each back into the outbox or drops it.
  package var setAside: [UInt8] { own("setaside") }

  /// HASH, entry name -> a receipt as JSON: what became of the last detected edit of the document.
  package var receipts: [UInt8] { own("receipts") }

  /// STREAM, the fired runs, the oldest first; capped.
  package var history: [UInt8] { own("history") }

  /// STREAM, the edits that clients have recorded, the oldest first; capped. No daemon reads or writes it.
  package var edits: [UInt8] { own("edits") }

  /// HASH, request -> `ManualRequest`: the runs by hand that users ask for.
  package var manual: [UInt8] { own("manual") }

  /// STRING, an `ApplicationManifest` as JSON: what the Celery application says of its tasks.
  package var application: [UInt8] { own("application") }

  /// LIST, the one answer to a request; it expires after a minute.
  package func answer(to request: String) -> [UInt8] { own("answer:" + request) }

  /// HASH, a daemon's instance -> its record as JSON. The daemon is alive while its heartbeat exists.
  package var daemons: [UInt8] { own("daemons") }

  /// STRING, the token of the daemon that fires.
  package var lease: [UInt8] { own("lease") }

  /// STRING, an integer that grows with each new holder of the lease.
  package var epoch: [UInt8] { own("epoch") }

  /// STRING, a random word as old as the store's contents. It is missing or another one after a flush, a swap of
  /// databases, or a change to another database.
  package var incarnation: [UInt8] { own("incarnation") }

  /// STRING, the sequence number of a daemon's last heartbeat. Its events show whether events arrive at all.
  package func heartbeat(_ instance: String) -> [UInt8] { own("heartbeat:" + instance) }

  /// The heartbeat's key of an instance whose name comes from outside, as bytes.
  package func heartbeat(_ instance: [UInt8]) -> [UInt8] { own("heartbeat:") + instance }

  /// STRING, the token of a leader that lacks something. A daemon that lacks nothing may take the lease over.
  package var offer: [UInt8] { own("offer") }

  /// The keys of one daemon's heartbeat, in the order of `heartbeat.lua`.
  package func ofHeartbeat(_ instance: String) -> [[UInt8]] { [heartbeat(instance), incarnation, lease, epoch, offer] }

  /// LIST, the queue of a rehearsal, in the broker's database. No worker knows it.
  package var rehearsalQueue: [UInt8] { own("queue") }

  /// The daemon's own keys that stay in the store.
  package var own: [[UInt8]] {
    [watermark, outbox, setAside, receipts, history, edits, manual, daemons, lease, epoch, incarnation, application]
  }

  /// The Redis type that one of the daemon's own keys must have.
  package func type(of key: [UInt8]) -> String {
    switch key {
    case watermark, receipts, manual, daemons: "hash"
    case outbox: "list"
    case history, edits, setAside: "stream"
    default: "string"
    }
  }

  /// The prefix of the daemon's own keys for this documents' prefix.
  package var ownPrefix: [UInt8] { own("") }

  private func own(_ name: String) -> [UInt8] { base + Array(name.utf8) }

  /// The length of the longest key that is read as a document's; bytes.
  package var longestDocumentKey: Int { prefix.count + Limit.nameLength.most }

  /// Whether a key is under the documents' prefix and too long to be read.
  package func isTooLong(_ key: [UInt8]) -> Bool { key.count > longestDocumentKey && key.starts(with: prefix) }

  /// The entry of a key; nil for a key outside the documents' prefix, for one of the daemon's own, and for one that is
  /// too long.
  package func entry(of key: [UInt8]) -> EntryName? {
    guard key.count <= longestDocumentKey, key.starts(with: prefix), !key.starts(with: base) else { return nil }
    return EntryName(Array(key[prefix.count...]))
  }

  /// The pattern for PSUBSCRIBE and SCAN that matches the documents' keys.
  package var documentPattern: [UInt8] { Self.escaped(prefix) + [UInt8(ascii: "*")] }

  /// The pattern for PSUBSCRIBE of the documents' keyspace notifications in database `database`.
  package func documentEvents(database: Int) -> [UInt8] {
    KeyspaceNotification.channelPrefix(database: database) + documentPattern
  }

  /// The pattern for PSUBSCRIBE of one key's keyspace notifications.
  package func events(of key: [UInt8], database: Int) -> [UInt8] {
    KeyspaceNotification.channelPrefix(database: database) + Self.escaped(key)
  }

  /// All patterns that a daemon must be allowed to subscribe to. They include the heartbeats of all daemons: an ACL must contain a
  /// pattern literally, and a pattern of this daemon's heartbeat alone would differ at each start.
  package func subscriptions(database: Int) -> [[UInt8]] {
    [documentEvents(database: database), events(of: heartbeat(""), database: database) + [UInt8(ascii: "*")]]
      + [lease, manual].map { events(of: $0, database: database) }
  }

  /// The same with the pattern of the application's manifest. A daemon works without that one, since the ACLs of earlier
  /// versions do not allow it.
  package func allSubscriptions(database: Int) -> [[UInt8]] {
    subscriptions(database: database) + [events(of: application, database: database)]
  }

  /// `key` as a glob that matches only `key`.
  package static func escaped(_ key: [UInt8]) -> [UInt8] {
    key.flatMap { #"*?[]\"#.utf8.contains($0) ? [UInt8(ascii: "\\"), $0] : [$0] }
  }

  // MARK: on the broker

  /// STRING of the daemon: this task's message has been put on its queues. It exists only where the broker is another
  /// server than the store.
  package static func delivered(_ task: TaskID) -> [UInt8] { delivered("\(task)") }

  /// The key for a text that is no task's id, to try what the user may do.
  package static func delivered(_ text: String) -> [UInt8] { namespace + Array("dedup:\(text)".utf8) }
}
