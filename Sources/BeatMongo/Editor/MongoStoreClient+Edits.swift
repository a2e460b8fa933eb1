import BeatCore
import BeatLoop

/// Changes of documents that never undo another client's edit.
extension MongoStoreClient: PageWriter {
  /// The most bytes of the texts that one command carries.
  private static let largest = 8_388_608

  package func save(
    _ bytes: [UInt8], as name: EntryName, inPlaceOf seen: [UInt8]?, watermark: WatermarkChange?
  ) throws(StoreError) -> Bool {
    guard !bytes.isEmpty else { return false }
    let change = DocumentChange(name: name, seen: seen, bytes: bytes, watermark: watermark)
    switch try exchange([change])[0] {
    case .success(let isStored): return isStored
    case .failure(let refusal): throw failure(refusal)
    }
  }

  package func delete(_ name: EntryName, seen: [UInt8], watermark: Watermark?) throws(StoreError) -> Bool {
    let deletion = ScheduleDeletion(place: schedules, name: name, seen: seen, watermark: watermark)
    return try ask { client throws(MongoError) in try deletion.isDone(by: client) }
  }

  package func rename(_ name: EntryName, to newName: EntryName) throws(StoreError) -> RenameOutcome {
    let start = MonotonicTime.now()
    let rename = ScheduleRename(place: schedules, from: aliases.place(of: name), to: newName) {
      MonotonicTime.now().microseconds(since: start) < Self.patience
    }
    guard let outcome = try ask({ client throws(MongoError) in try rename.outcome(by: client) }) else {
      throw StoreError(
        .refused, "\(name) is fired or renamed by others all the time: nothing was changed in 10 s; try again")
    }
    return outcome
  }

  // MARK: pages

  package func outlook(
    _ documents: [(name: EntryName, document: [UInt8])], replacing: Bool
  ) throws(StoreError) -> [WriteOutcome] {
    try outcomes(of: documents.map { ($0.name, Self.named($0.document, $0.name)) }, replacing: replacing)
  }

  package func write(
    _ documents: [(name: EntryName, document: [UInt8])], replacing: Bool, context: DocumentContext,
    done: (Int, WriteOutcome) -> Void
  ) throws(StoreError) {
    let start = MonotonicTime.now()
    try write(
      documents.map { ($0.name, Self.named($0.document, $0.name)) }, replacing: replacing, context: context,
      while: { MonotonicTime.now().microseconds(since: start) < Self.patience }, done: done)
  }

  /// A document whose field `name` is the schedule's name: here the document says itself under which name it runs.
  private static func named(_ document: [UInt8], _ name: EntryName) -> [UInt8] {
    guard var editor = try? DocumentEditor(document), editor.text("name").map({ EntryName($0) }) != name else {
      return document
    }
    editor.set("name", to: JSONText.string(String(decoding: name.bytes, as: UTF8.self)))
    return editor.bytes
  }

  package func found(_ names: [EntryName]) throws(StoreError) -> [FoundDocument] {
    try read(names, atMost: .max).map { read in
      switch read.content {
      case .absent: .nothing
      case .document(let bytes): .document(bytes)
      case .tooLong, .unusable: .unusable
      }
    }
  }

  package func exchange(_ changes: [DocumentChange]) throws(StoreError) -> [Result<Bool, EditRefusal>] {
    try inPieces(changes, length: { $0.bytes.count + ($0.seen?.count ?? 0) }) { piece throws(StoreError) in
      let save = ScheduleSave(place: schedules, changes: piece)
      return try ask { client throws(MongoError) in try save.result(by: client) }
    }
  }

  package func insert(
    _ documents: [(name: EntryName, document: [UInt8])]
  ) throws(StoreError) -> [Result<Bool, EditRefusal>] {
    try exchange(documents.map { DocumentChange(name: $0.name, seen: nil, bytes: $0.document, watermark: nil) })
  }

  package func failure(_ refusal: EditRefusal) -> StoreError {
    switch refusal {
    case .server(let error): failure(error)
    case .text(let name, let problem):
      StoreError(.unsuitable, "\(EntryName(place(of: name))): \(problem); nothing was changed")
    }
  }

  private func inPieces<Element, Answer>(
    _ elements: [Element], length: (Element) -> Int, _ work: ([Element]) throws(StoreError) -> [Answer]
  ) throws(StoreError) -> [Answer] {
    var answers: [Answer] = []
    var piece: [Element] = []
    var size = 0
    for element in elements {
      let length = length(element)
      if !piece.isEmpty, size + length > Self.largest {
        answers += try work(piece)
        (piece, size) = ([], 0)
      }
      piece.append(element)
      size += length
    }
    return piece.isEmpty ? answers : answers + (try work(piece))
  }
}

/// Why one change of several was not carried out.
package enum EditRefusal: Error {
  case server(MongoError)
  /// The text says what no document of MongoDB can hold.
  case text(EntryName, FieldChangesError)
}
