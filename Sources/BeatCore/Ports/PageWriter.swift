/// What a store holds under a name.
package enum FoundDocument: Hashable, Sendable {
  case nothing
  case document([UInt8])
  /// Something else than a document.
  case unusable

  fileprivate var bytes: [UInt8]? { if case .document(let bytes) = self { bytes } else { nil } }
}

/// One of several changes that are carried out together, each as with `StoreEditor.save`.
package struct DocumentChange: Sendable {
  package let name: EntryName
  /// nil: there is no document.
  package let seen: [UInt8]?
  package let bytes: [UInt8]
  package let watermark: WatermarkChange?

  package init(name: EntryName, seen: [UInt8]?, bytes: [UInt8], watermark: WatermarkChange?) {
    self.name = name
    self.seen = seen
    self.bytes = bytes
    self.watermark = watermark
  }
}

/// A store that changes several documents with few commands. From this follow `StoreEditor.outlook` and `write`.
package protocol PageWriter: StoreEditor {
  /// Why the server refused one change of several.
  associatedtype WriteRefusal: Error

  func found(_ names: [EntryName]) throws(StoreError) -> [FoundDocument]
  /// Carries out changes. A result is false where another document stands than was seen.
  func exchange(_ changes: [DocumentChange]) throws(StoreError) -> [Result<Bool, WriteRefusal>]
  /// Stores documents where no document stands. A result is false where one does.
  func insert(_ documents: [(name: EntryName, document: [UInt8])]) throws(StoreError) -> [Result<Bool, WriteRefusal>]
  func failure(_ refusal: WriteRefusal) -> StoreError
}

extension PageWriter {
  package func outlook(
    _ documents: [(name: EntryName, document: [UInt8])], replacing: Bool
  ) throws(StoreError) -> [WriteOutcome] {
    try outcomes(of: documents, replacing: replacing)
  }

  /// As `StoreEditor.outlook`.
  package func outcomes(
    of documents: [(name: EntryName, document: [UInt8])], replacing: Bool
  ) throws(StoreError) -> [WriteOutcome] {
    zip(try found(documents.map(\.name)), documents).map { found, wanted in
      switch found {
      case .nothing: return .created
      case .unusable: return .wrongType
      case .document(let stored):
        let isSame =
          replacing
          ? stored == wanted.document : ScheduleDocument.differInBookkeepingOnly(stored, wanted.document)
        return isSame ? .same : replacing ? .replaced : .differs
      }
    }
  }

  /// As `StoreEditor.write`.
  ///
  /// - Parameter lasts: whether to try again after runs have changed the documents.
  package func write(
    _ documents: [(name: EntryName, document: [UInt8])], replacing: Bool, context: DocumentContext,
    while lasts: () -> Bool, done: (Int, WriteOutcome) -> Void
  ) throws(StoreError) {
    if replacing { try overwrite(documents, context, while: lasts, done) } else { try writeNew(documents, done) }
  }

  private func writeNew(
    _ documents: [(name: EntryName, document: [UInt8])], _ done: (Int, WriteOutcome) -> Void
  ) throws(StoreError) {
    var refusal: WriteRefusal?
    var existing: [Int] = []
    for (index, result) in try insert(documents).enumerated() {
      switch result {
      case .success(true): done(index, .created)
      case .success(false): existing.append(index)
      case .failure(let error): refusal = refusal ?? error
      }
    }
    if let refusal { throw failure(refusal) }
    let found = try outcomes(of: existing.map { documents[$0] }, replacing: false)
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
    _ documents: [(name: EntryName, document: [UInt8])], _ context: DocumentContext, while lasts: () -> Bool,
    _ done: (Int, WriteOutcome) -> Void
  ) throws(StoreError) {
    let compared = try found(documents.map(\.name))
    // The documents that must still be written, by index, each with the stored one that it replaces.
    var seen: [Int: FoundDocument] = [:]
    for (index, found) in compared.enumerated() {
      switch found {
      case .unusable: done(index, .wrongType)
      case .document(documents[index].document): done(index, .same)
      case .document, .nothing: seen[index] = found
      }
    }
    while !seen.isEmpty {
      let open = seen.keys.sorted()
      let edits = open.map { (name: documents[$0].name, seen: seen[$0]?.bytes, document: documents[$0].document) }
      let watermarks = try watermarks(edits, context)
      let results = try exchange(
        zip(edits, watermarks).map { DocumentChange(name: $0.name, seen: $0.seen, bytes: $0.document, watermark: $1) })
      var refusal: WriteRefusal?
      var changed: [Int] = []
      for (index, result) in zip(open, results) {
        switch result {
        case .failure(let error): refusal = refusal ?? error
        case .success(true):
          seen[index] = nil
          done(index, compared[index] == .nothing ? .created : .replaced)
        case .success(false): changed.append(index)
        }
      }
      if let refusal { throw failure(refusal) }
      let isPatient = lasts()
      for (index, now) in zip(changed, try found(changed.map { documents[$0].name })) {
        switch (compared[index], now) {
        case (_, .document(documents[index].document)):
          seen[index] = nil
          done(index, .same)
        case (.document(let before), .document(let after))
        where isPatient && Bookkeeping.isAllThatChanged(from: before, to: after):
          // The daemon has only written a run into it, which is no edit.
          seen[index] = now
        default:
          seen[index] = nil
          done(index, .changed)
        }
      }
    }
  }
}
