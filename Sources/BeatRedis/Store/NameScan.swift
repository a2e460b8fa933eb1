import BeatCore

/// Finds the documents' names step by step, without those that are too long to be read.
///
/// A plain SCAN costs half as much as one in a script, but it sends every name at its full length. It is used until
/// such a name turns up, or until no answer comes, as when a reply is too long. From then on a script leaves long names
/// out on the server, until a whole scan has found none.
final class NameScan {
  struct Page {
    /// Where the next step begins; nil: this was the last one.
    var cursor: String?
    var names: [EntryName]
    var ignored: IgnoredNames
  }

  private static let script = LuaScript(embedded: PackageResources.names_lua)

  private var isGuarded: Bool
  /// The next scan uses the script, whatever this one finds.
  private var isSuspected = false
  /// The number of this scan. An answer to an earlier scan that was broken off says nothing about it.
  private var number = 0
  /// The names that this scan has left out so far.
  private var ignored = IgnoredNames()

  /// - Parameter isGuarded: whether the first scan uses the script.
  init(isGuarded: Bool = false) { self.isGuarded = isGuarded }

  /// A name may be too long: its event may have closed the feed's connection or delayed the server. The rest of this
  /// scan and the whole next one use the script.
  func suspectLongNames() { (isGuarded, isSuspected) = (true, true) }

  /// Makes one step from `cursor`; "0" begins a scan. The completion gets neither a page nor an error if the connection
  /// has died or the other end is no Redis server.
  func step(
    _ scripts: StoreScripts, from cursor: String, count: Int,
    then completion: @escaping (Page?, RedisServerError?) -> Void
  ) {
    if cursor == "0" {
      ignored = IgnoredNames()
      isSuspected = false
      number += 1
      scripts.wholeSlot?.begin()
    }
    let keys = scripts.keys
    let (isGuarded, number) = (isGuarded, number)
    func answered(_ reply: RedisReply?) {
      guard let page = page(reply, keys, isGuarded) else {
        if reply == nil { self.isGuarded = true }
        scripts.connection.endMisfit(reply, of: "a step of SCAN")
        return completion(nil, reply?.error)
      }
      guard page.cursor == nil, let wholeSlot = scripts.wholeSlot else { return found(page) }
      wholeSlot.confirm { error in
        if let error { completion(nil, error) } else { found(page) }
      }
    }
    func found(_ page: Page) {
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

  /// Makes one step over all keys of the database, without those of more than `longest` bytes. The reply is that of
  /// `names.lua`.
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
  /// The report of one name.
  init(_ name: ArraySlice<UInt8>) {
    self.init()
    add(longest: name.count, head: Array(name.prefix(Self.headLength)))
  }

  /// The report of the name in one event's channel.
  ///
  /// - Parameter start: the index in the channel at which the name begins.
  init(_ channel: Span<UInt8>, behind start: Int) {
    self.init()
    var head: [UInt8] = []
    for index in start..<max(start, min(channel.count, start + Self.headLength)) { head.append(channel[index]) }
    add(longest: max(0, channel.count - start), head: head)
  }
}
