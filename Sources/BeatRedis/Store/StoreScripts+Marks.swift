import BeatCore

/// Marks that are kept or moved without a fire.
extension StoreScripts {
  private static let anchorScript = LuaScript(embedded: PackageResources.anchor_lua)
  private static let rebaseScript = LuaScript(embedded: PackageResources.rebase_lua)

  /// Keeps marks where there are none.
  ///
  /// - Parameter completion: gets the names of those where another mark stands, or why none was kept. Neither names nor an
  ///   error: the connection died.
  package func anchor(
    _ marks: [(name: EntryName, mark: Mark)], then completion: @escaping ([EntryName]?, RedisServerError?) -> Void
  ) {
    Self.anchorScript.evaluate(
      on: connection, keys: [keys.mark], arguments: marks.flatMap { [$0.name.bytes, $0.mark.bytes] }
    ) { [connection] reply in
      guard let kept = reply?.array, kept.count == marks.count else {
        connection.endMisfit(reply, of: "marks to keep")
        return completion(nil, reply?.error)
      }
      completion(zip(marks, kept).compactMap { $1.integer == 0 ? $0.name : nil }, nil)
    }
  }

  /// `false` if the mark did not hold `time` any more, or the lease is another daemon's. Neither that nor an error: the
  /// connection died.
  package func rebase(
    _ name: EntryName, from time: UnixTime, to mark: Mark, token: String,
    then completion: @escaping (Bool?, RedisServerError?) -> Void
  ) {
    Self.rebaseScript.evaluate(
      on: connection, keys: [keys.mark, keys.lease],
      arguments: [name.bytes, Array(Mark.digits(time).utf8), mark.bytes, Array(token.utf8), [], []]
    ) { [self] reply in completion(isReplaced(reply), reply?.error) }
  }

  /// The same for a mark that cannot be read, which must hold these bytes.
  package func mend(
    _ name: EntryName, from bytes: [UInt8], to mark: Mark, token: String,
    then completion: @escaping (Bool?, RedisServerError?) -> Void
  ) {
    Self.rebaseScript.evaluate(
      on: connection, keys: [keys.mark, keys.lease],
      arguments: [
        name.bytes, [], mark.bytes, Array(token.utf8), bytes, Array("\(Limit.markLength.most)".utf8),
      ]
    ) { [self] reply in completion(isReplaced(reply), reply?.error) }
  }

  private func isReplaced(_ reply: RedisReply?) -> Bool? {
    if reply?.integer == nil { connection.endMisfit(reply, of: "a comparison of marks") }
    return reply?.integer.map { $0 != 0 }
  }
}
