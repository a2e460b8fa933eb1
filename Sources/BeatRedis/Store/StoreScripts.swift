import BeatCore

/// The Lua scripts for the store, with the databases of store and broker on its server.
package struct StoreScripts {
  private static let readScript = LuaScript(embedded: PackageResources.read_lua)

  package let connection: RedisConnection
  package let keys: RedisKeys
  /// The workers' names of keys for queues and bindings.
  let kombu: KombuKeys
  let maximumDocumentLength: Int
  /// How far ahead of Redis' clock a fire is accepted; microseconds.
  let maximumLead: Int64
  package let delivery: Delivery
  /// The most messages that may wait in the outbox.
  let outboxLimit: Int
  /// About how many runs the history keeps; 0: none.
  let historyLength: Int
  let storeDatabase: Int
  let brokerDatabase: Int
  /// What a fire can reach if the server is in cluster mode; nil: it is not.
  package var cluster: ClusterFit?
  /// Makes sure that a walk has found all names; nil: the server is not in cluster mode, and SCAN finds them all.
  var wholeSlot: WholeSlot?
  /// Finds the documents' names.
  var nameScan = NameScan()
  /// Called with the number of fields that were removed from one of the daemon's own keys because they were too long.
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

  /// Reads documents with their watermarks: of the first names for which a reply has room (`Limit.pageLength`). The
  /// completion gets nil if the connection died, or if the server refused, with the error.
  func read(_ names: [EntryName], then completion: @escaping ([Scheduler.DocumentRead]?, RedisServerError?) -> Void) {
    let size = names.reduce(272) { $0 + keys.prefix.count + 2 * $1.bytes.count + 32 }
    Self.readScript.evaluate(on: connection, keys: 1 + names.count, size: size) {
      [keys, maximumDocumentLength] command in
      command.append(keys.watermark)
      for name in names { command.append(joining: keys.prefix, name.bytes) }
      command.append(maximumDocumentLength)
      command.append(Limit.pageLength.most)
      command.append(Limit.watermarkLength.most)
      for name in names { command.append(name.bytes) }
    } then: { [connection] reply in
      if let reads = Self.documentReads(reply, most: names.count) { return completion(reads, nil) }
      connection.endMisfit(reply, of: "a read of documents")
      completion(nil, reply?.error)
    }
  }

  /// Reads the answer of `read.lua`.
  private static func documentReads(_ reply: RedisReply?, most: Int) -> [Scheduler.DocumentRead]? {
    guard let parts = reply?.array, parts.count == 3, let documents = parts[0].array, let watermarks = parts[1].array,
      let unread = parts[2].pairs, documents.count <= most, !documents.isEmpty || most == 0,
      watermarks.count == documents.count
    else { return nil }
    var reads = zip(documents, watermarks).map { document, watermark in
      Scheduler.DocumentRead(document.bytes.map { .document($0) } ?? .absent, WatermarkState(watermark.bytes))
    }
    for (place, what) in unread {
      guard let place = place.integer.map({ Int(clamping: $0) &- 1 }), reads.indices.contains(place) else { continue }
      let type = what.text ?? "none"
      if let length = what.integer {
        reads[place].content = .tooLong(Int(clamping: length))
      } else {
        reads[place].content = type == "none" ? .absent : .unusable(.ofType(type))
      }
    }
    return reads
  }

  /// The keys among `suspects`, the daemon's own, that hold another type than they must, each with the remedy.
  /// `completion` is not called if the connection dies.
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

  /// The scripts for the broker's database of this same server.
  var onBroker: BrokerScripts {
    BrokerScripts(connection: connection, kombu: kombu, database: storeDatabase, brokerDatabase: brokerDatabase)
  }

}

extension LuaScript {
  init(embedded bytes: [UInt8]) { self.init(String(decoding: bytes, as: UTF8.self)) }
}
