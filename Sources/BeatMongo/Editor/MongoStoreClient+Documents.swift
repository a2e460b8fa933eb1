import BeatCore

/// The documents and their names.
extension MongoStoreClient {
  /// The most documents of one page, since all of them are in memory at once.
  private static let pageSize = 100

  package func names() throws(StoreError) -> [EntryName] { try walk(atMost: .max).names }

  package func survey(_ context: DocumentContext, now: UnixTime, atMost limit: Int) throws(StoreError) -> DueSurvey {
    let (names, isAll) = try walk(atMost: limit)
    return try survey(names, isAll: isAll, context, now: now, atMost: limit)
  }

  /// Walks through the names until there are more than `limit`. Documents without a name of their own get one that tells
  /// their `_id`.
  private func walk(atMost limit: Int) throws(StoreError) -> (names: [EntryName], isAll: Bool) {
    let found = FoundAliases()
    aliases = MongoAliases(touched: { found.names.append($0) }, named: { _, _ in })
    var names: [EntryName] = []
    var ignored = IgnoredNames()
    var cursor: Int64?
    repeat {
      let walk = NameWalk(place: schedules, cursor: cursor)
      let step = try ask { client throws(MongoError) in try walk.step(by: client) }
      names += step.found.map { aliases.name(of: $0) }
      ignored.add(step.ignored)
      cursor = step.next.flatMap { Int64($0) }
    } while cursor != nil && names.count <= limit
    if let cursor {
      let place = schedules
      try ask { client throws(MongoError) in try client.close(cursor, of: place.schedules, on: place.database) }
    }
    let ordered = EntryName.inOrder(names)
    if ordered.count < names.count {
      var seen: Set<EntryName> = []
      let repeated = EntryName.inOrder(names.filter { !seen.insert($0).inserted })
      for page in repeated.pages(of: Self.pageSize) { _ = try read(page, atMost: .max) }
    }
    ignoredNames = ignored.words(terms)
    return (found.names.isEmpty ? ordered : EntryName.inOrder(ordered + found.names), cursor == nil)
  }

  package func leftOut() throws(StoreError) -> LeftOutDocuments? {
    let search = LeftOutSearch(place: schedules, patience: Int32(clamping: Self.patience / 1000 - 2000))
    return try ask { client throws(MongoError) in try search.result(by: client) }
  }

  package func eachDocument(_ names: [EntryName], _ body: @escaping (StoredDocument) -> Void) throws(StoreError) {
    // A document that a user could just store stays readable after its runs.
    let most = Limit.documentLength.most + Bookkeeping.room
    for page in names.pages(of: Self.pageSize) {
      for (name, read) in zip(page, try read(page, atMost: most)) { body(StoredDocument(name: name, read: read)) }
    }
  }

  package func contents(
    _ names: [EntryName], skipped: (EntryName, UnusableContent) -> Void
  ) throws(StoreError) -> [[UInt8]?] {
    zip(names, try read(names, atMost: .max, isAlone: true)).map { name, read in
      if case .unusable(let content) = read.content { skipped(name, content) }
      return read.text
    }
  }

  /// Reads documents with their watermarks.
  ///
  /// - Parameters:
  ///   - length: of a document's text.
  ///   - isAlone: the watermarks are left behind.
  func read(
    _ names: [EntryName], atMost length: Int, isAlone: Bool = false
  ) throws(StoreError) -> [Scheduler.DocumentRead] {
    var reads: [Scheduler.DocumentRead] = []
    while reads.count < names.count {
      let rest = Array(names[reads.count...])
      let read = ScheduleRead(
        in: schedules, maximumDocumentLength: length, isAlone: isAlone, rest.map { aliases.place(of: $0) })
      let result = try ask { client throws(MongoError) in try read.result(by: client) }
      guard !result.reads.isEmpty else { throw StoreError(.refused, "\(url) has read no document") }
      aliases.note(result.others, of: Array(rest.prefix(result.reads.count)))
      reads += result.reads
    }
    return reads
  }

  // MARK: other places

  package var isDubious: Bool { false }
  package func doubt(_ names: [EntryName]) -> PlaceDoubt? { nil }

  package func neighbours() throws(StoreError) -> [EntryName] {
    let search = NeighbourSearch(place: schedules)
    return try ask { client throws(MongoError) in try search.result(by: client) }.map { EntryName($0) }
  }
}

/// The names that a walk has given to second documents of a name.
private final class FoundAliases {
  var names: [EntryName] = []
}
