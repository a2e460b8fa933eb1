import BeatCore

/// A hash of the daemon's own into which other clients may have written. A field that is too long for a daemon to have
/// written it is removed on the server and never sent.
package struct OwnHash {
  /// The result of one step.
  package struct Page {
    /// Where the next step begins; nil: this was the last one.
    var cursor: String?
    package var fields: [(name: [UInt8], value: [UInt8])]
    /// How many fields were removed because they were too long.
    var removed: Int
  }

  private static let script = LuaScript(embedded: PackageResources.scan_lua)

  package let key: [UInt8]

  package init(key: [UInt8]) { self.key = key }

  /// Makes one step of HSCAN. The completion gets neither a page nor an error if the connection has died.
  package func scan(
    _ scripts: StoreScripts, from cursor: String = "0", count: Int,
    then completion: @escaping (Page?, RedisServerError?) -> Void
  ) {
    let arguments = [
      cursor, "\(count)", "\(Limit.nameLength.most)", "\(Limit.ownFieldLength.most)",
    ].map { Array($0.utf8) }
    Self.script.evaluate(on: scripts.connection, keys: [key], arguments: arguments) { reply in
      guard let answer = ScanAnswer(reply, parts: 3), let found = answer.found.pairs else {
        scripts.connection.endMisfit(reply, of: "a step of HSCAN")
        return completion(nil, reply?.error)
      }
      let fields: [(name: [UInt8], value: [UInt8])] = found.compactMap { name, value in
        guard let name = name.bytes, let value = value.bytes else { return nil }
        return (name, value)
      }
      let removed = Int(clamping: answer.rest[0].integer ?? 0)
      if removed > 0 { scripts.onRemoval?(removed, key) }
      completion(Page(cursor: answer.cursor, fields: fields, removed: removed), nil)
    }
  }
}
