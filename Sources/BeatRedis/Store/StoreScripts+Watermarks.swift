import BeatCore

/// Watermarks that are kept or moved without a fire.
extension StoreScripts {
  private static let anchorScript = LuaScript(embedded: PackageResources.anchor_lua)
  private static let rebaseScript = LuaScript(embedded: PackageResources.rebase_lua)

  /// Keeps watermarks where there are none.
  ///
  /// - Parameter completion: gets the names of those where another watermark stands, or why none was kept. Neither
  ///   names nor an error: the connection died.
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

  /// `false` if the watermark did not hold `time` any more, or the lease is another daemon's. Neither that nor an
  /// error: the connection died.
  package func rebase(
    _ name: EntryName, from time: UnixTime, to watermark: Watermark, token: String,
    then completion: @escaping (Bool?, RedisServerError?) -> Void
  ) {
    Self.rebaseScript.evaluate(
      on: connection, keys: [keys.watermark, keys.lease],
      arguments: [name.bytes, Array(Watermark.digits(time).utf8), watermark.bytes, Array(token.utf8), [], []]
    ) { [self] reply in completion(isReplaced(reply), reply?.error) }
  }

  /// The same for a watermark that cannot be read, which must hold these bytes.
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
