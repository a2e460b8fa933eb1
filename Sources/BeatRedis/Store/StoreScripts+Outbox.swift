import BeatCore

/// Reads the outbox: messages that wait for a broker that is another server.
extension StoreScripts {
  private static let setAsideScript = LuaScript(embedded: PackageResources.setaside_lua)
  private static let outboxScript = LuaScript(embedded: PackageResources.outbox_lua)

  /// What `outbox.lua` has read.
  struct Outbox {
    /// The number of items in the outbox; negative: the items to skip are no longer in their places.
    var count: Int
    /// The items that were read, the oldest first.
    var items: [[UInt8]]
  }

  /// Reads the oldest items after the first `skipped`, of which `newest` is the last: at most `count`, and no more than
  /// about `bytes` of them. The completion gets neither items nor an error if the connection has died.
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

  /// Removes the oldest item with these bytes. nil: the connection died; an error: it may still be there.
  func removeFromOutbox(_ item: [UInt8], then completion: @escaping (Result<Void, RedisServerError>?) -> Void) {
    connection.send(RedisCommand("LREM", keys.outbox, -1, item)) { [connection] reply in
      if let reply, reply.error == nil, reply.integer == nil {
        connection.endMisfit(reply, of: "taking a message out of the outbox")
        return completion(nil)
      }
      completion(reply.map { $0.error.map { .failure($0) } ?? .success(()) })
    }
  }

  /// Moves the oldest item with these bytes to the messages that are set aside. The completion gets nil if the connection
  /// died; false: the item stays, since the place has no room for it.
  func setAside(
    _ item: [UInt8], reason: String, then completion: @escaping (Result<Bool, RedisServerError>?) -> Void
  ) {
    let known = OutboxItem(item)
    Self.setAsideScript.evaluate(
      on: connection, keys: [keys.outbox, keys.setAside],
      arguments: [
        item, Array((known?.taskID.description ?? "").utf8), Array((known?.route.words ?? "").utf8),
        Array(reason.beginning(Limit.reasonLength.most).utf8), Array("\(Limit.messagesSetAside.most)".utf8),
      ]
    ) { [connection] reply in
      if let reply, reply.error == nil, reply.integer == nil {
        connection.endMisfit(reply, of: "setting a message aside")
        return completion(nil)
      }
      completion(reply.map { $0.error.map { .failure($0) } ?? .success($0.integer == 1) })
    }
  }
}
