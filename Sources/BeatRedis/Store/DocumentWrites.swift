import BeatCore
import BeatLoop

extension RedisStoreClient: PageWriter {
  /// Writes at most a page of documents, each of them whole or not at all. A stored document is overwritten only if
  /// `replacing`, and only while it is the one that was compared: an edit at the same moment stays.
  ///
  /// - Parameters:
  ///   - context: for reading the documents. Replacing one counts as an edit at this moment, as with `save`.
  ///   - done: gets each result with the document's index, also if an error follows.
  package func write(
    _ documents: [(name: EntryName, document: [UInt8])], replacing: Bool, context: DocumentContext,
    done: (Int, WriteOutcome) -> Void
  ) throws(StoreError) {
    let start = MonotonicTime.now()
    try write(
      documents, replacing: replacing, context: context,
      while: { MonotonicTime.now().microseconds(since: start) < Self.patience }, done: done)
  }

  package func insert(
    _ documents: [(name: EntryName, document: [UInt8])]
  ) throws(StoreError) -> [Result<Bool, RedisServerError>] {
    try replies(to: documents.map { RedisCommand("SET", keys.document($0.name), $0.document, "NX") }).map { reply in
      reply.error.map { .failure($0) } ?? .success(reply.isOK)
    }
  }

  package func found(_ names: [EntryName]) throws(StoreError) -> [FoundDocument] {
    var found: [FoundDocument] = []
    for reply in try replies(to: names.map({ RedisCommand("GET", keys.document($0)) })) {
      if let error = reply.error {
        guard error.code == "WRONGTYPE" else { throw StoreError(error, from: url) }
        found.append(.unusable)
      } else {
        found.append(reply.bytes.map { .document($0) } ?? .nothing)
      }
    }
    return found
  }

  /// The stored bytes of documents, whatever their length; nil for one that is gone. A key of another type is passed to
  /// `skipped`.
  package func contents(
    _ names: [EntryName], skipped: (EntryName, UnusableContent) -> Void
  ) throws(StoreError) -> [[UInt8]?] {
    let replies = try self.replies(to: names.map { RedisCommand("GET", keys.document($0)) })
    var contents: [[UInt8]?] = []
    for (reply, name) in zip(replies, names) {
      if let error = reply.error {
        guard error.code == "WRONGTYPE" else { throw StoreError(error, from: url) }
        skipped(name, .ofAnotherType)
      }
      contents.append(reply.error == nil ? reply.bytes : nil)
    }
    return contents
  }
}
