import BeatCore

/// Reads and changes the schedules of a store. It needs no daemon, except for `fire`, and it disturbs none.
///
/// A change replaces exactly the document that was read. If two clients change the same schedule at the same moment,
/// one of them gets a `conflict`. What daemons write about runs is no conflict. An edit is in force within a
/// millisecond where a daemon receives Redis' events.
///
/// The client connects at its first call, and again after a connection was lost. Each reply has a deadline of 10 s. An
/// actor serves the calls one after the other, on a thread of its own.
///
/// All methods throw `BeatError`. Besides the kinds that a method names, these are `configuration`, `unreachable`,
/// `denied`, `notReady` and `refused`, as Redis answers, and `invalidDocument` for a name that is too long or that no
/// document can have.
public actor ScheduleClient {
  private let configuration: BeatConfiguration
  private let zones = ZoneDirectory()
  private let executor: ThreadExecutor
  private var client: (any StoreEditor)?

  /// The actor's executor: one thread of the client's own.
  public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  /// - Parameter configuration: the configuration of the daemons. Its zone and its default queue decide what a document
  ///   means.
  /// - Throws: `BeatError` of the kind `configuration`, which names the value that is out of its range; of the kind
  ///   `refused` if the system has no thread or semaphore left.
  public init(_ configuration: BeatConfiguration) throws(BeatError) {
    try configuration.validate()
    self.configuration = configuration
    executor = try ThreadExecutor()
  }

  isolated deinit { client?.close() }

  /// All schedules, in the order of their names' bytes. All documents are in memory at once.
  public func list() throws(BeatError) -> [StoredSchedule] {
    try withStore { client in
      let context = try context(client)
      let now = try client.time()
      return try client.documents().map { StoredSchedule($0, preview($0, context, now)) }
    }
  }

  /// One schedule; nil: no schedule has this name.
  ///
  /// - Parameter name: the document's key without the prefix.
  public func schedule(_ name: String) throws(BeatError) -> StoredSchedule? {
    try withStore { client in
      let stored = try client.document(try entry(name, client))
      return stored.isAbsent ? nil : StoredSchedule(stored, preview(stored, try context(client), try client.time()))
    }
  }

  /// Stores a document under a name. It replaces a stored document, but the `last_run_at` and the `total_run_count` of
  /// that one are kept where the new document does not contain them.
  ///
  /// - Parameters:
  ///   - name: the document's key without the prefix; not empty.
  ///   - document: a JSON object, as docs/semantics.md describes it; at most 1 MiB.
  /// - Returns: the schedule as a daemon now understands it.
  /// - Throws: `invalidDocument`, with every error of the document, or if the key holds something else than a string of
  ///   at most 1 MiB; `conflict`. In each case nothing is changed.
  @discardableResult
  public func put(_ name: String, document: String) throws(BeatError) -> StoredSchedule {
    try withStore { client in
      if name.isEmpty { throw Self.noName(name) }
      let context = try context(client)
      let entry = try entry(name, client)
      let bytes = Array(document.utf8)
      try ScheduleChange.refuseLong(bytes, of: entry)
      try Self.review(bytes, entry, context, now: try client.time())
      return try changed(try .replace(entry, by: bytes, in: client, context: context), context)
    }
  }

  /// Changes a document. `change` gets the stored text and returns the new one. It is called again if a daemon has
  /// written a run to the document since it was read.
  ///
  /// - Parameters:
  ///   - name: the document's key without the prefix.
  ///   - change: returns the new document from the stored one.
  /// - Returns: the schedule as a daemon now understands it.
  /// - Throws: `notFound`; `conflict`; `invalidDocument` if the result cannot be used although the stored document
  ///   could, if the result has more than 1 MiB, and if the stored document is not UTF-8, which only `put` can replace.
  ///   A `BeatError` that `change` throws is passed on; any other error is wrapped as `refused`. In each of these cases
  ///   nothing is changed.
  @discardableResult
  public func edit(
    _ name: String, _ change: @Sendable (String) throws -> String
  ) throws(BeatError) -> StoredSchedule {
    try withStore { client in
      let context = try context(client)
      let entry = try entry(name, client)
      let edited = try ScheduleChange.edit(entry, in: client, context: context) { before in
        guard let text = String(validating: before, as: UTF8.self) else { throw ChangeProblem.notText(entry) }
        return Array(try change(text).utf8)
      }
      return try changed(edited, context)
    }
  }

  /// Deletes a schedule. What daemons write about its runs at the same time is no conflict.
  ///
  /// - Parameter name: the document's key without the prefix.
  /// - Throws: `notFound`; `conflict` if another client changes the schedule at the same moment, or if its runs do not
  ///   let it be deleted for 10 s; `invalidDocument` if the key does not hold a string, or holds more than 1 MiB.
  public func remove(_ name: String) throws(BeatError) {
    try withStore { client in
      _ = try ScheduleRemoval.remove(try client.document(try entry(name, client)), in: client)
    }
  }

  /// The next due times of a schedule, since 1970-01-01 00:00 UTC, up to its end. A missed occurrence that is made up
  /// for comes first.
  ///
  /// - Parameters:
  ///   - name: the document's key without the prefix.
  ///   - count: the largest number of times, 1 to 1000; a value outside counts as the nearest limit.
  /// - Throws: `notFound`.
  public func next(_ name: String, count: Int = 5) throws(BeatError) -> [Duration] {
    try withStore { client in
      let stored = try client.document(try entry(name, client))
      guard !stored.isAbsent else { throw missing(stored.name, client) }
      return preview(stored, try context(client), try client.time())
        .upcoming(min(max(count, 1), 1000)).map(\.due.duration)
    }
  }

  /// Makes the daemon that fires send a schedule's task once, now. The schedule's own due times stay as they are.
  /// Nothing is sent after the timeout, and nothing is sent twice.
  ///
  /// - Parameters:
  ///   - name: the document's key without the prefix.
  ///   - timeout: how long to wait for a daemon, 1 ms to an hour; a value outside counts as the nearest limit. Other
  ///     calls of this client wait until it is over.
  /// - Returns: the task's id.
  /// - Throws: `notFound`; `noDaemon`; `refused`, with the daemon's reason.
  public func fire(_ name: String, timeout: Duration = .seconds(10)) throws(BeatError) -> String {
    try withStore { client in
      let entry = try entry(name, client)
      guard try !client.document(entry).isAbsent else { throw missing(entry, client) }
      let limit = min(max(timeout, .milliseconds(1)), .seconds(3600))
      switch try client.fire(entry, within: limit.microseconds) {
      case .fired(let id): return id
      case .refused(let reason): throw BeatError(.refused, "\(entry) was not fired: \(reason)")
      case .late, .unanswered:
        throw BeatError(
          .noDaemon, "\(entry) was not fired: no daemon answered within \(limit), and the request was taken back")
      }
    }
  }

  /// The runs that were sent, the newest first, as far back as the store's history goes.
  ///
  /// - Parameters:
  ///   - name: the schedule whose runs are wanted, which may have been deleted; nil: all schedules.
  ///   - limit: the largest number of runs, 1 to 1,000,000; a value outside counts as the nearest limit.
  public func history(of name: String? = nil, limit: Int = 100) throws(BeatError) -> [ScheduleRun] {
    try withStore { client in
      let wanted = try name.map { try entry($0, client) }
      let most = min(max(limit, 1), 1_000_000)
      var runs: [ScheduleRun] = []
      try client.walkHistory(since: nil) { record in
        if wanted.map({ $0 == record.name }) ?? true { runs.append(ScheduleRun(record)) }
        return runs.count < most
      }
      return runs
    }
  }

  // MARK: the store

  /// Calls `body` with the connection, or with a new one if the last was lost.
  private func withStore<Result>(_ body: (any StoreEditor) throws -> Result) throws(BeatError) -> Result {
    defer { letGoOfLost() }
    do {
      return try body(connected())
    } catch let error as BeatError {
      throw error
    } catch let error as ChangeProblem {
      throw BeatError(error)
    } catch let error as StoreError {
      throw BeatError(error)
    } catch {
      throw BeatError(.refused, "\(error)")
    }
  }

  /// The connection, or a new one. A connection that was lost between two calls does no harm: nothing of this call has
  /// been sent.
  private func connected() throws -> any StoreEditor {
    letGoOfLost()
    if let client { return client }
    let client = try configuration.store.editor(
      keyPrefix: configuration.keyPrefix, broker: configuration.broker, kombu: configuration.transportOptions.keys)
    self.client = client
    return client
  }

  private func letGoOfLost() {
    guard let client, client.isClosed else { return }
    client.close()
    self.client = nil
  }

  /// The rules by which documents are read.
  private func context(_ client: any StoreEditor) throws -> DocumentContext {
    try client.fitted(DocumentContext(configuration, zones).applying(client)) { configuration.defaultQueue }
  }

  /// The entry of a schedule's name. The empty name is valid here: a key that is the prefix itself is a schedule.
  private func entry(_ name: String, _ client: any StoreEditor) throws(BeatError) -> EntryName {
    let entry = EntryName(notation: name) ?? EntryName(name)
    guard client.canHold(entry) else {
      throw Self.noName(name)
    }
    if Limit.nameLength.isExceeded(by: entry.bytes.count) { throw BeatError(.longName(entry)) }
    return entry
  }

  private static func noName(_ name: String) -> BeatError {
    BeatError(.invalidDocument, "\"\(name.beginning(60).printable)\" is no name for a schedule")
  }

  private func missing(_ entry: EntryName, _ client: any StoreEditor) -> ChangeProblem {
    .missing(entry, in: client)
  }

  private func preview(_ stored: StoredDocument, _ context: DocumentContext, _ now: UnixTime) -> SchedulePreview {
    SchedulePreview(stored.name, stored.read, context: context, now: now)
  }

  private func changed(_ change: ScheduleChange, _ context: DocumentContext) throws -> StoredSchedule {
    let after = StoredDocument(
      name: change.name, read: Scheduler.DocumentRead(.document(change.after), change.before.read.watermarkState))
    return StoredSchedule(after, change.preview(context))
  }

  /// Throws every error that keeps a text from being a schedule.
  private static func review(
    _ text: [UInt8], _ name: EntryName, _ context: DocumentContext, now: UnixTime
  ) throws(BeatError) {
    let errors = DocumentReview(text, context: context, now: now).remarks.filter { $0.level == .error }
    guard !errors.isEmpty else { return }
    let words = errors.map(\.inWords)
    throw BeatError(.invalidDocument, "\(name): \(words.joined(separator: "; "))")
  }
}
