/// What the shell commands ask a store. A call waits for the answer, which the daemon must never do.
///
/// No method changes anything, and each throws `StoreError`. After `.unreachable`, no further call is answered.
package protocol StoreInspector: RunHistory, EditLog {
  /// The store's name for people, without a password.
  var name: String { get }
  /// How this kind of store calls its things.
  var terms: any StoreTerms { get }

  /// The time on the store's clock, which decides what is due.
  func time() throws(StoreError) -> UnixTime
  /// What the server reports about itself.
  func facts() throws(StoreError) -> StoreFacts

  // MARK: documents

  /// The prefix of all documents' keys.
  var prefix: [UInt8] { get }
  /// The place of a document, as the store calls it.
  func place(of name: EntryName) -> [UInt8]
  /// The names of all schedules, in the order of their bytes.
  func names() throws(StoreError) -> [EntryName]
  /// One sentence about the names that the last call of `names` left out; nil: it left out none.
  var ignoredNames: String? { get }
  /// The documents that will begin to run with the first start of a daemon, since the scheduler before it left them out;
  /// nil: there are none, or a daemon has run here.
  func leftOut() throws(StoreError) -> LeftOutDocuments?
  /// Reads documents, each with its watermark as of then or newer, and calls `body` for each in the order of `names`. It
  /// calls `body` as the documents arrive, so only some of a hundred thousand are in memory at once.
  func eachDocument(_ names: [EntryName], _ body: @escaping (StoredDocument) -> Void) throws(StoreError)
  /// Looks for overdue schedules among at most `limit` documents. A health check must not cost as much as reading a
  /// hundred thousand documents.
  func survey(_ context: DocumentContext, now: UnixTime, atMost limit: Int) throws(StoreError) -> DueSurvey
  /// Whether the names of schedules can show that the place was mistyped. If false, `doubt` need not be called.
  var isDubious: Bool { get }
  /// Why the place is probably not the one that the operator meant, judged by the names of its schedules; nil: no name
  /// speaks against it.
  func doubt(_ names: [EntryName]) -> PlaceDoubt?
  /// Other places that hold schedules.
  func neighbours() throws(StoreError) -> [EntryName]

  /// The context for documents on this store: it rejects those that a fire from here could not send, if the store
  /// sets rules for routes.
  ///
  /// - Parameter defaultQueue: called only if there are such rules.
  func fitted(_ context: DocumentContext, defaultQueue: () throws -> String) throws -> DocumentContext

  // MARK: what daemons keep

  /// The daemons, the lease and its epoch.
  func fleet() throws(StoreError) -> Fleet
  /// The receipt of a schedule's last edit; nil: the store has none.
  func receipt(of name: EntryName) throws(StoreError) -> EditReceipt?
  /// The documents that are set aside, by the receipts of the daemon that leads or led last: their number, and the
  /// reasons of the first `limit` by name.
  func rejections(atMost limit: Int) throws(StoreError) -> (count: Int, first: [(EntryName, String)])
  /// The number of messages that wait in the outbox for a broker that is another server.
  func outboxLength() throws(StoreError) -> Int64
  /// The messages that are set aside: their number, and the newest `limit` of them.
  func messagesSetAside(atMost limit: Int) throws(StoreError) -> MessagesSetAside

  /// The bytes of the application's manifest; nil: there is none.
  func application() throws(StoreError) -> [UInt8]?

  // MARK: fires

  /// The plan of what a run of a schedule would send now. Nothing is sent. The plan's task id and sender are those of
  /// no real run.
  func preview(
    _ document: StoredDocument, context: DocumentContext, defaultQueue: String
  ) throws(StoreError) -> Result<FirePlan, Scheduler.ManualProblem>
  /// Why no fire from this store can put a message at a place of the broker; nil: no reason is known.
  ///
  /// - Parameter name: the place's name for people.
  func problem(ofPlace place: [UInt8], named name: String) throws(StoreError) -> String?
}

extension StoreInspector {
  /// No scheduler left any out.
  package func leftOut() throws(StoreError) -> LeftOutDocuments? { nil }

  /// Every route can be reached.
  package func fitted(_ context: DocumentContext, defaultQueue: () throws -> String) throws -> DocumentContext {
    context
  }

  /// Documents in the order of the names, each with its watermark as of then or newer.
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

  /// All documents that exist during the whole scan, in the order of their names' bytes.
  package func documents() throws(StoreError) -> [StoredDocument] { try documents(names()).filter { !$0.isAbsent } }

  /// Looks for overdue schedules among the first `limit` of these names.
  ///
  /// - Parameter isAll: whether the store has no other names.
  package func survey(
    _ names: [EntryName], isAll: Bool, _ context: DocumentContext, now: UnixTime, atMost limit: Int
  ) throws(StoreError) -> DueSurvey {
    var survey = DueSurvey()
    survey.isPartial = !isAll || names.count > limit
    try eachDocument(Array(names.prefix(limit))) { document in
      guard !document.isAbsent else { return }
      survey.add(SchedulePreview(document.name, document.read, context: context, now: now))
    }
    return survey
  }

  /// The daemons' own records and the newest run, without a look at the documents.
  package func health() throws(StoreError) -> FiringHealth {
    FiringHealth(try fleet(), lastRun: try newestRun(), now: try time())
  }

  /// The outbox' length; 0 if this user may not see it, for a caller that reports the other facts all the same.
  package func visibleOutboxLength() throws(StoreError) -> Int64 {
    do { return try outboxLength() } catch {
      if error.kind == .unreachable { throw error }
      return 0
    }
  }

  /// What is set aside; nothing if this user may not see it.
  package func visibleMessagesSetAside(atMost limit: Int) throws(StoreError) -> MessagesSetAside {
    do { return try messagesSetAside(atMost: limit) } catch {
      if error.kind == .unreachable { throw error }
      return .none
    }
  }
}
