import BeatCore

/// Every Redis key and channel of the project's own, each with its Redis type. Those of workers: `KombuKeys`.
///
/// The daemon's own keys stand beside the documents' prefix, not under it: nobody who lists `tasks:meta:*` finds
/// anything but documents.
package struct RedisKeys: Hashable, Sendable {
  /// What documents' keys begin with, such as `tasks:meta:`.
  package let prefix: [UInt8]

  /// What all our own keys begin with, whatever the documents' prefix, on the store and on the broker.
  package static let namespace = Array("reactivebeat:".utf8)

  /// What our own keys begin with.
  private let base: [UInt8]

  package init(prefix: String) {
    self.prefix = Array(prefix.utf8)
    base = Self.namespace + self.prefix
  }

  /// Keys that nobody else reads, on which a daemon tries what it may: all of them, the documents' too, stand where an
  /// ACL lets a daemon have keys of its own, and none is among the schedules.
  package init(rehearsing keys: RedisKeys, as instance: String) {
    base = keys.own("rehearsal:\(instance):")
    prefix = base + Array("document:".utf8)
  }

  // MARK: on the store

  /// The document's key is what a schedule's task ids are made of.
  package var taskIDs: TaskIDNamespace { TaskIDNamespace(prefix) }

  /// STRING, one schedule document.
  package func document(_ name: EntryName) -> [UInt8] { prefix + name.bytes }

  /// HASH, entry name -> `Watermark`: the newest due time that was fired, or the time first seen.
  package var watermark: [UInt8] { own("mark") }

  /// LIST, `OutboxItem`s that wait for a broker which is another server; the newest at the head.
  package var outbox: [UInt8] { own("outbox") }

  /// HASH, entry name -> a receipt as JSON: what became of the last edit that was heard of it.
  package var receipts: [UInt8] { own("receipts") }

  /// STREAM, what has been fired, the oldest first; capped.
  package var history: [UInt8] { own("history") }

  /// HASH, request -> `ManualRequest`: what somebody wants to be fired now.
  package var manual: [UInt8] { own("manual") }

  /// LIST, the one answer to a request; lives for a minute.
  package func answer(to request: String) -> [UInt8] { own("answer:" + request) }

  /// HASH, a daemon's instance -> what it says of itself, as JSON. It is alive while its heartbeat is there.
  package var daemons: [UInt8] { own("daemons") }

  /// STRING, the token of the daemon that fires.
  package var lease: [UInt8] { own("lease") }

  /// STRING, an integer that grows with each new holder of the lease.
  package var epoch: [UInt8] { own("epoch") }

  /// STRING, a random word as old as the store's contents: gone or another one after a flush, a swap, another database.
  package var incarnation: [UInt8] { own("incarnation") }

  /// STRING, the sequence number of a daemon's last heartbeat; its events tell whether any are heard.
  package func heartbeat(_ instance: String) -> [UInt8] { own("heartbeat:" + instance) }

  /// The same of what somebody calls an instance.
  package func heartbeat(_ instance: [UInt8]) -> [UInt8] { own("heartbeat:") + instance }

  /// STRING, the token of a leader that lacks something: a daemon that lacks nothing may take the lease over.
  package var offer: [UInt8] { own("offer") }

  /// The keys of one daemon's heartbeat, in the order of `heartbeat.lua`.
  package func ofHeartbeat(_ instance: String) -> [[UInt8]] { [heartbeat(instance), incarnation, lease, epoch, offer] }

  /// LIST, of a rehearsal: a queue that no worker knows, in the broker's database.
  package var rehearsalQueue: [UInt8] { own("queue") }

  /// Our own keys that stand on the store for good.
  package var own: [[UInt8]] { [watermark, outbox, receipts, history, manual, daemons, lease, epoch, incarnation] }

  /// What Redis type one of our own keys must have.
  package func type(of key: [UInt8]) -> String {
    switch key {
    case watermark, receipts, manual, daemons: "hash"
    case outbox: "list"
    case history: "stream"
    default: "string"
    }
  }

  /// What all our own keys begin with.
  package var ownPrefix: [UInt8] { own("") }

  private func own(_ name: String) -> [UInt8] { base + Array(name.utf8) }

  /// Bytes of the longest key that is read as a document's.
  package var longestDocumentKey: Int { prefix.count + Limit.nameLength.most }

  /// Whether a key would be a document's, if its name were not too long.
  package func isTooLong(_ key: [UInt8]) -> Bool { key.count > longestDocumentKey && key.starts(with: prefix) }

  /// The entry that a key belongs to; nil for a key outside the prefix, for our own, and for one that is too long.
  package func entry(of key: [UInt8]) -> EntryName? {
    guard key.count <= longestDocumentKey, key.starts(with: prefix), !key.starts(with: base) else { return nil }
    return EntryName(Array(key[prefix.count...]))
  }

  /// Pattern for PSUBSCRIBE and SCAN that finds the documents' keys.
  package var documentPattern: [UInt8] { Self.escaped(prefix) + [UInt8(ascii: "*")] }

  /// Pattern for PSUBSCRIBE: keyspace notifications of the documents in database `database`.
  package func documentEvents(database: Int) -> [UInt8] {
    KeyspaceNotification.channelPrefix(database: database) + documentPattern
  }

  /// Pattern for PSUBSCRIBE: keyspace notifications of one key.
  package func events(of key: [UInt8], database: Int) -> [UInt8] {
    KeyspaceNotification.channelPrefix(database: database) + Self.escaped(key)
  }

  /// All patterns that a daemon subscribes to. The heartbeats of all daemons: an ACL must hold a pattern literally, and
  /// one's own alone would be another one at each start.
  package func subscriptions(database: Int) -> [[UInt8]] {
    [documentEvents(database: database), events(of: heartbeat(""), database: database) + [UInt8(ascii: "*")]]
      + [lease, manual].map { events(of: $0, database: database) }
  }

  /// `key` as a glob that matches nothing else.
  package static func escaped(_ key: [UInt8]) -> [UInt8] {
    key.flatMap { #"*?[]\"#.utf8.contains($0) ? [UInt8(ascii: "\\"), $0] : [$0] }
  }

  // MARK: on the broker

  /// STRING, our own: this task's message has been put on its queues. Only where the broker is another server than the
  /// store.
  package static func delivered(_ task: TaskID) -> [UInt8] { delivered("\(task)") }

  /// The same for a text that is no task's id, such as to try what is allowed.
  package static func delivered(_ text: String) -> [UInt8] { namespace + Array("dedup:\(text)".utf8) }
}
