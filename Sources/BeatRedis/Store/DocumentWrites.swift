import BeatCore
import BeatLoop

extension StoreClient {
  /// What writing these documents would result in; at most a page.
  package func outlook(
    _ documents: [(name: EntryName, document: [UInt8])], replacing: Bool
  ) throws(StoreError) -> [WriteOutcome] {
    zip(try found(documents.map(\.name)), documents).map { found, wanted in
      switch found {
      case .nothing: return .created
      case .otherType: return .wrongType
      case .document(let stored):
        let isSame =
          replacing
          ? stored == wanted.document : ScheduleDocument.differInBookkeepingOnly(stored, wanted.document)
        return isSame ? .same : replacing ? .replaced : .differs
      }
    }
  }

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
    if replacing { try overwrite(documents, context, done) } else { try writeNew(documents, done) }
  }

  private func writeNew(
    _ documents: [(name: EntryName, document: [UInt8])], _ done: (Int, WriteOutcome) -> Void
  ) throws(StoreError) {
    let replies = try self.replies(
      to: documents.map { RedisCommand("SET", keys.document($0.name), $0.document, "NX") })
    var failure: RedisServerError?
    var existing: [Int] = []
    for (index, reply) in replies.enumerated() {
      if let error = reply.error {
        failure = failure ?? error
      } else if reply.isOK {
        done(index, .created)
      } else {
        existing.append(index)
      }
    }
    if let failure { throw self.failure(failure) }
    let found = try outlook(existing.map { documents[$0] }, replacing: false)
    // A document that prevented the write and is gone now was deleted by another client since then, which may be about
    // to write it again.
    for (outcome, index) in zip(found, existing) { done(index, outcome == .created ? .changed : outcome) }
  }

  /// The changes of watermarks that edits of several documents require; nil for a document that was not stored or has
  /// changed since it was read.
  private func watermarks(
    _ edits: [(name: EntryName, seen: [UInt8]?, document: [UInt8])], _ context: DocumentContext
  ) throws(StoreError) -> [WatermarkChange?] {
    let stored = try self.documents(edits.map(\.name))
    let now = try time()
    return zip(edits, stored).map { edit, stored in
      guard let seen = edit.seen, stored.bytes == seen else { return nil }
      let preview = SchedulePreview(
        edit.name, before: stored.read, edited: edit.document, context: context, now: now)
      return preview.kept.map { WatermarkChange(seen: stored.watermark, new: $0) }
    }
  }

  private func overwrite(
    _ documents: [(name: EntryName, document: [UInt8])], _ context: DocumentContext, _ done: (Int, WriteOutcome) -> Void
  ) throws(StoreError) {
    let compared = try found(documents.map(\.name))
    // The documents that must still be written, by index, each with the stored one that it replaces.
    var seen: [Int: Found] = [:]
    for (index, found) in compared.enumerated() {
      switch found {
      case .otherType: done(index, .wrongType)
      case .document(documents[index].document): done(index, .same)
      case .document, .nothing: seen[index] = found
      }
    }
    let start = MonotonicTime.now()
    while !seen.isEmpty {
      let open = seen.keys.sorted()
      let edits = open.map { (name: documents[$0].name, seen: seen[$0]?.bytes, document: documents[$0].document) }
      let watermarks = try watermarks(edits, context)
      let replies = try exchange(zip(edits, watermarks).map { ($0.name, $0.seen, $0.document, $1) })
      var failure: RedisServerError?
      var changed: [Int] = []
      for (index, reply) in zip(open, replies) {
        if let error = reply.error {
          failure = failure ?? error
        } else if reply.array?.first?.text == "OK" {
          seen[index] = nil
          done(index, compared[index] == .nothing ? .created : .replaced)
        } else {
          changed.append(index)
        }
      }
      if let failure { throw self.failure(failure) }
      let lasts = MonotonicTime.now().microseconds(since: start) < Self.patience
      for (index, now) in zip(changed, try found(changed.map { documents[$0].name })) {
        switch (compared[index], now) {
        case (_, .document(documents[index].document)):
          seen[index] = nil
          done(index, .same)
        case (.document(let before), .document(let after))
        where lasts && Bookkeeping.isAllThatChanged(from: before, to: after):
          // The daemon has only written a run into it, which is no edit.
          seen[index] = now
        default:
          seen[index] = nil
          done(index, .changed)
        }
      }
    }
  }

  /// What the store holds under a name.
  private enum Found: Hashable {
    case nothing
    case document([UInt8])
    case otherType

    var bytes: [UInt8]? { if case .document(let bytes) = self { bytes } else { nil } }
  }

  private func found(_ names: [EntryName]) throws(StoreError) -> [Found] {
    var found: [Found] = []
    for reply in try replies(to: names.map({ RedisCommand("GET", keys.document($0)) })) {
      if let error = reply.error {
        guard error.code == "WRONGTYPE" else { throw StoreError(error, from: url) }
        found.append(.otherType)
      } else {
        found.append(reply.bytes.map { .document($0) } ?? .nothing)
      }
    }
    return found
  }

  /// The stored bytes of documents, whatever their length; nil for one that is gone. A key of another type is passed to
  /// `skipped`.
  package func contents(
    _ names: [EntryName], skipped: (EntryName) -> Void
  ) throws(StoreError) -> [[UInt8]?] {
    let replies = try self.replies(to: names.map { RedisCommand("GET", keys.document($0)) })
    var contents: [[UInt8]?] = []
    for (reply, name) in zip(replies, names) {
      if let error = reply.error {
        guard error.code == "WRONGTYPE" else { throw StoreError(error, from: url) }
        skipped(name)
      }
      contents.append(reply.error == nil ? reply.bytes : nil)
    }
    return contents
  }
}
