import BeatCore

/// Writes watermarks without a fire.
extension StoreScripts {
  private static let anchorScript = LuaScript(embedded: PackageResources.anchor_lua)
  private static let rebaseScript = LuaScript(embedded: PackageResources.rebase_lua)

  /// Writes watermarks for schedules that have none.
  ///
  /// - Parameter completion: gets the names of the schedules that have another watermark, or why none was written. It
  ///   gets neither names nor an error if the connection has died.
  package func anchor(
    _ watermarks: [(name: EntryName, watermark: Watermark)],
    then completion: @escaping ([EntryName]?, RedisServerError?) -> Void
  ) {
    Self.anchorScript.evaluate(
      on: connection, keys: [keys.watermark], arguments: watermarks.flatMap { [$0.name.bytes, $0.watermark.bytes] }
    ) { [connection] reply in
      guard let kept = reply?.array, kept.count == watermarks.count else {
        connection.endMisfit(reply, of: "watermarks to keep")
        return completion(nil, reply?.error)
      }
      completion(zip(watermarks, kept).compactMap { $1.integer == 0 ? $0.name : nil }, nil)
    }
  }

  /// Replaces a watermark whose due time is `time`. The completion gets false if it is another one, or if another
  /// daemon holds the lease. It gets neither a result nor an error if the connection has died.
  package func rebase(
    _ name: EntryName, from time: UnixTime, to watermark: Watermark, token: String,
    then completion: @escaping (Bool?, RedisServerError?) -> Void
  ) {
    Self.rebaseScript.evaluate(
      on: connection, keys: [keys.watermark, keys.lease],
      arguments: [name.bytes, Array(Watermark.digits(time).utf8), watermark.bytes, Array(token.utf8), [], []]
    ) { [self] reply in completion(isReplaced(reply), reply?.error) }
  }

  /// The same for a watermark that cannot be read: it must still hold `bytes`.
  package func mend(
    _ name: EntryName, from bytes: [UInt8], to watermark: Watermark, token: String,
    then completion: @escaping (Bool?, RedisServerError?) -> Void
  ) {
    Self.rebaseScript.evaluate(
      on: connection, keys: [keys.watermark, keys.lease],
      arguments: [
        name.bytes, [], watermark.bytes, Array(token.utf8), bytes, Array("\(Limit.watermarkLength.most)".utf8),
      ]
    ) { [self] reply in completion(isReplaced(reply), reply?.error) }
  }

  private func isReplaced(_ reply: RedisReply?) -> Bool? {
    if reply?.integer == nil { connection.endMisfit(reply, of: "a comparison of watermarks") }
    return reply?.integer.map { $0 != 0 }
  }
}
