import BeatCore

/// Finds the documents' names, step by step, and leaves out those that are too long to be read.
///
/// Redis' own SCAN is half as dear as one in a script, and tells every name at its full length: so it is used until such a
/// name turns up, or no answer comes, as of one that is too long. From then on a script leaves them out on the server, until
/// a whole scan has found none.
final class NameScan {
  struct Page {
    /// nil: this was the last step.
    var cursor: String?
    var names: [EntryName]
    var ignored: IgnoredNames
  }

  private static let script = LuaScript(embedded: PackageResources.names_lua)

  private var isGuarded: Bool
  /// The next scan goes by the script, whatever this one finds.
  private var isSuspected = false
  /// The number of this scan. An answer to an earlier one, which was broken off, says nothing about it.
  private var number = 0
  /// In this scan, as far as it has come.
  private var ignored = IgnoredNames()

  /// - Parameter isGuarded: by the script from the beginning.
  init(isGuarded: Bool = false) { self.isGuarded = isGuarded }

  /// A name may be too long, as its event may have closed the events' connection or held up the server: the rest of this
  /// scan and the whole next one go by the script.
  func suspectLongNames() { (isGuarded, isSuspected) = (true, true) }

  /// One step from `cursor`; "0" begins. Neither a page nor an error: the connection died, or somebody answers who is no
  /// Redis.
  func step(
    _ scripts: StoreScripts, from cursor: String, count: Int,
    then completion: @escaping (Page?, RedisServerError?) -> Void
  ) {
    if cursor == "0" {
      ignored = IgnoredNames()
      isSuspected = false
      number += 1
    }
    let keys = scripts.keys
    let (isGuarded, number) = (isGuarded, number)
    func answered(_ reply: RedisReply?) {
      guard let page = page(reply, keys, isGuarded) else {
        if reply == nil { self.isGuarded = true }
        scripts.connection.endMisfit(reply, of: "a step of SCAN")
        return completion(nil, reply?.error)
      }
      guard number == self.number else { return completion(page, nil) }
      ignored.add(page.ignored)
      if page.ignored.count > 0 { self.isGuarded = true }
      if page.cursor == nil, ignored.count == 0, !isSuspected { self.isGuarded = false }
      completion(page, nil)
    }
    guard isGuarded else {
      let command = RedisCommand("SCAN", cursor, "MATCH", keys.documentPattern, "COUNT", count)
      return scripts.connection.send(command) { answered($0) }
    }
    Self.script.evaluate(
      on: scripts.connection, keys: [],
      arguments: [
        Array(cursor.utf8), keys.documentPattern, Array("\(count)".utf8), Array("\(keys.longestDocumentKey)".utf8),
      ]
    ) { answered($0) }
  }

  /// One step over all keys of the database, without those of more than `longest` bytes; as `names.lua` answers.
  static func keys(
    on connection: RedisConnection, from cursor: String, count: Int, longest: Int,
    then completion: @escaping (RedisReply?) -> Void
  ) {
    script.evaluate(
      on: connection, keys: [],
      arguments: [cursor, "*", "\(count)", "\(longest)"].map { Array($0.utf8) }, then: completion)
  }

  private func page(_ reply: RedisReply?, _ keys: RedisKeys, _ isGuarded: Bool) -> Page? {
    guard let answer = ScanAnswer(reply, parts: isGuarded ? 5 : 2) else { return nil }
    var page = Page(cursor: answer.cursor, names: [], ignored: IgnoredNames())
    page.names.reserveCapacity(answer.found.count)
    if isGuarded {
      let head = answer.rest[2].bytes?.dropFirst(keys.prefix.count).prefix(IgnoredNames.headLength) ?? []
      page.ignored.add(
        Int(clamping: answer.rest[0].integer ?? 0),
        longest: max(0, Int(clamping: answer.rest[1].integer ?? 0) - keys.prefix.count),
        head: Array(head))
    }
    for key in answer.found {
      guard let bytes = key.bytes else { continue }
      if let name = keys.entry(of: bytes) {
        page.names.append(name)
      } else if bytes.count > keys.longestDocumentKey {
        page.ignored.add(IgnoredNames(bytes.dropFirst(keys.prefix.count)))
      }
    }
    return page
  }
}

extension IgnoredNames {
  /// Of one name.
  init(_ name: ArraySlice<UInt8>) {
    self.init()
    add(longest: name.count, head: Array(name.prefix(Self.headLength)))
  }

  /// Of one event's channel.
  ///
  /// - Parameter start: where in it a name begins.
  init(_ channel: Span<UInt8>, behind start: Int) {
    self.init()
    var head: [UInt8] = []
    for index in start..<max(start, min(channel.count, start + Self.headLength)) { head.append(channel[index]) }
    add(longest: max(0, channel.count - start), head: head)
  }
}
