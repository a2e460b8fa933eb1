/// What a store can tell a person: for commands of a shell, which ask and wait for the answer. The daemon never waits.
///
/// A method throws what the server refuses, and what keeps it from answering; after `.unreachable` nothing more is
/// answered. Nothing is changed.
package protocol StoreInspector: RunHistory {
  /// As people know the store: without a password.
  var name: String { get }

  /// The store's clock, by which everything is due.
  func time() throws(StoreError) -> UnixTime
  /// What the server says of itself.
  func facts() throws(StoreError) -> StoreFacts

  // MARK: documents

  /// What all documents' names begin with.
  var prefix: [UInt8] { get }
  /// Where a document stands, as the store itself calls the place.
  func place(of name: EntryName) -> [UInt8]
  /// The names of all schedules, in the order of their bytes.
  func names() throws(StoreError) -> [EntryName]
  /// What the last look at all names has left out, in words; nil: nothing.
  var ignoredNames: String? { get }
  /// Documents with their watermarks, each of one moment, in the order of the names, and handed over as they come: of a
  /// hundred thousand only some are in memory at once.
  func eachDocument(_ names: [EntryName], _ body: @escaping (StoredDocument) -> Void) throws(StoreError)
  /// Looks for what is overdue: a health check must not cost what a hundred thousand documents do, so at most `limit`
  /// of them are looked at.
  func survey(_ context: DocumentContext, now: UnixTime, atMost limit: Int) throws(StoreError) -> DueSurvey
  /// Whether names can show that our place was mistyped. Where they cannot, nobody need look at them.
  var isDubious: Bool { get }
  /// Why our place is probably not the one that was meant, as the names of its schedules show; nil: nothing speaks
  /// against it.
  func doubt(_ names: [EntryName]) -> PlaceDoubt?
  /// Other places at which schedules stand.
  func neighbours() throws(StoreError) -> [EntryName]

  // MARK: what daemons keep

  /// The daemons, the lease and its epoch.
  func fleet() throws(StoreError) -> Fleet
  /// The receipt of a schedule's last edit; nil: there is none.
  func receipt(of name: EntryName) throws(StoreError) -> EditReceipt?
  /// The documents that are set aside, as the daemon that fires, or fired last, has left word: how many, and the
  /// reasons of the first by name.
  func rejections(atMost limit: Int) throws(StoreError) -> (count: Int, first: [(EntryName, String)])
  /// Messages that wait for a broker that is another server.
  func outboxLength() throws(StoreError) -> Int64

  // MARK: fires

  /// What a run of a schedule would send at this moment, without sending it. The task's id, and who sends, are those of
  /// no run.
  func preview(
    _ document: StoredDocument, context: DocumentContext, defaultQueue: String
  ) throws(StoreError) -> Result<FirePlan, Scheduler.ManualProblem>
  /// Why no fire from this store can put a message at a place of the broker; nil: it can, as far as is known.
  ///
  /// - Parameter name: what people call the place.
  func problem(ofPlace place: [UInt8], named name: String) throws(StoreError) -> String?
}

extension StoreInspector {
  /// Documents with their watermarks, each of one moment, in the order of the names.
  package func documents(_ names: [EntryName]) throws(StoreError) -> [StoredDocument] {
    var documents: [StoredDocument] = []
    documents.reserveCapacity(names.count)
    try eachDocument(names) { documents.append($0) }
    return documents
  }

  /// One document, which may be absent.
  package func document(_ name: EntryName) throws(StoreError) -> StoredDocument {
    try documents([name]).first ?? StoredDocument(name: name, read: Scheduler.DocumentRead(.absent, .absent))
  }

  /// All documents that stand there during the whole scan, in the order of their names' bytes.
  package func documents() throws(StoreError) -> [StoredDocument] { try documents(names()).filter { !$0.isAbsent } }

  /// What the daemons themselves say, without a look at the documents.
  package func health() throws(StoreError) -> FiringHealth {
    FiringHealth(try fleet(), lastRun: try newestRun(), now: try time())
  }

  /// The outbox' length, and 0 where it cannot be seen: for who is told the rest all the same.
  package func visibleOutboxLength() throws(StoreError) -> Int64 {
    do { return try outboxLength() } catch {
      if error.kind == .unreachable { throw error }
      return 0
    }
  }
}
