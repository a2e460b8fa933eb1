@testable import BeatCore
@testable import BeatRedis

extension FuzzTarget {
  /// Keys and channels. The input is a database, then a prefix, a key and a routing key, each on a line of any bytes
  /// but newlines.
  static let keys = FuzzTarget(
    "keys",
    words: [
      "__keyspace@0__:", "__keyspace@15__:", "tasks:meta:", "reactivebeat:", "*", "?", "[a-z]", "[^", "\\", "]", "#",
      ".", "\u{6}\u{16}", "\u{0}",
    ],
    seeds: {
      [
        "\u{1}tasks:meta:\n__keyspace@1__:tasks:meta:sum\na.b.c", "\u{0}p[a-z]*?\\\n__keyspace@0__:p[a-z]*?\\x\n#.#.*",
        "\u{5}\nreactivebeat:tasks:meta:mark\nx", "\u{2}t\nlogs.*.#\u{6}\u{16}^logs$\u{6}\u{16}queue\nlogs.a.b",
      ].map { Array($0.utf8) }
    },
    check: { bytes in
      var input = FuzzInput(bytes)
      let database = Int(input.byte())
      let prefix = String(decoding: input.line(), as: UTF8.self)
      let key = input.line()
      let routingKey = Array(input.rest)
      if let event = KeyspaceNotification(channel: key.span, database: database) {
        try hold(
          KeyspaceNotification.channel(of: event.key, database: database) == key, "another channel than that of its key"
        )
      }
      let channel = KeyspaceNotification.channel(of: key, database: database)
      try hold(KeyspaceNotification(channel: channel.span, database: database)?.key == key, "the key of its channel")
      try hold(
        KeyspaceNotification(channel: channel.span, database: database + 1) == nil, "the channel of another database")

      let keys = RedisKeys(prefix: prefix)
      let name = EntryName(key)
      try holdOneLine(name.description, upTo: 16 * key.count + 16)
      let document = keys.document(name)
      let entry = keys.entry(of: document)
      try hold(entry == name || entry == nil && document.starts(with: keys.ownPrefix), "the key of another entry")
      if let entry = keys.entry(of: key) { try hold(keys.document(entry) == key, "the entry of another key") }
      for own in [keys.watermark, keys.outbox, keys.lease, keys.epoch, keys.incarnation, keys.heartbeat("a")] {
        try hold(keys.entry(of: own) == nil, "a key of our own is a document's")
      }
      try hold(redisGlob(keys.documentPattern, document), "the pattern of documents leaves one out")
      try hold(redisGlob(keys.documentPattern, key) == key.starts(with: keys.prefix), "the pattern takes another key")
      let events = keys.events(of: key, database: database)
      try hold(redisGlob(events, channel), "the pattern of a key's events leaves them out")
      try hold(redisGlob(events, key) == (key == channel), "the pattern of a key's events takes others")

      let kombu = KombuKeys(globalPrefix: keys.prefix, separator: routingKey.isEmpty ? [6, 22] : routingKey)
      for names in [.standard, kombu] {
        if let binding = names.binding(key) { try hold(names.member(binding) == key, "a binding is written otherwise") }
        for priority in [Int64(-1), 0, 3, 9, .max] {
          let list = names.list(of: key, priority: priority)
          try hold(names.lists(of: key).contains(list), "a message goes to a list that no worker reads")
          try hold(names.place(of: list) != nil, "a list is no queue's")
        }
        try holdOneLine(names.words(for: key), upTo: 16 * key.count + 64)
        _ = names.isMistaken(key)
      }
      if let binding = KombuKeys.standard.binding(key) {
        _ = binding.matches(routingKey)
        _ = binding.matches(binding.routingKey)
      }
      let topic = KombuKeys.standard.binding(key + [6, 22] + Array("x".utf8) + [6, 22])
      _ = topic?.matches(routingKey)
    })

  /// Redis' own rule (`stringmatchlen`) for the signs that these patterns hold: `*`, `?` and the backslash. An
  /// unescaped bracket would begin a class, and is a mistake here.
  private static func redisGlob(_ pattern: [UInt8], _ text: [UInt8]) -> Bool {
    var (place, index) = (0, 0)
    var star: (place: Int, index: Int)?
    while index < text.count {
      if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
        star = (place, index)
        place += 1
        continue
      }
      if place < pattern.count {
        let isEscape = pattern[place] == UInt8(ascii: "\\") && place + 1 < pattern.count
        let literal = pattern[isEscape ? place + 1 : place]
        let isAny = !isEscape && literal == UInt8(ascii: "?")
        if isAny || (isEscape || literal != UInt8(ascii: "[")) && literal == text[index] {
          place += isEscape ? 2 : 1
          index += 1
          continue
        }
      }
      guard let last = star else { return false }
      star = (last.place, last.index + 1)
      (place, index) = (last.place + 1, last.index + 1)
    }
    while place < pattern.count, pattern[place] == UInt8(ascii: "*") { place += 1 }
    return place == pattern.count
  }
}
