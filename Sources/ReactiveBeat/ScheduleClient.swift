import BeatCore
import BeatLoop
import BeatRedis

/// Reads and changes the schedules of a store, beside whatever daemons run.
///
/// A change is carried out on what its author has seen and on nothing else: of two that change the same schedule in the
/// same moment, one is told of a conflict. What daemons write of runs is no conflict. An edit is in force within a
/// millisecond where a daemon hears events.
///
/// It connects at the first call, and again after a connection was lost; each answer has a deadline of 10 s. Calls are
/// served one after the other, on a thread of its own. All throw `BeatError`.
public actor ScheduleClient {
  private let configuration: BeatConfiguration
  private let zones = ZoneDirectory()
  private let executor: ThreadExecutor
  private var client: StoreClient?

  public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  /// - Parameter configuration: that of the daemons; the zone and the default queue decide what a document means.
  /// - Throws: `BeatError` of the kind `configuration` that names the value that is out of its range.
  public init(_ configuration: BeatConfiguration) throws(BeatError) {
    try configuration.validate()
    self.configuration = configuration
    executor = try ThreadExecutor()
  }

  isolated deinit { client?.close() }

  /// All schedules, in the order of their names' bytes, with all documents in memory at once.
  public func list() throws(BeatError) -> [StoredSchedule] {
    try withStore { client in
      let context = try context(client)
      let now = try client.time()
      return try client.documents().map { StoredSchedule($0, preview($0, context, now)) }
    }
  }

  /// One schedule; nil: there is none of that name.
  public func schedule(_ name: String) throws(BeatError) -> StoredSchedule? {
    try withStore { client in
      let stored = try client.document(try entry(name, client))
      return stored.isAbsent ? nil : StoredSchedule(stored, preview(stored, try context(client), try client.time()))
    }
  }

  /// Stores a document under a name. One that stands there goes, but for its `last_run_at` and `total_run_count`, which
  /// are carried over where the new one does not say them.
  ///
  /// - Parameters:
  ///   - name: the document's key without the prefix; not empty.
  ///   - document: a JSON object, as docs/semantics.md describes it; at most 1 MiB.
  /// - Returns: what becomes of it.
  /// - Throws: `invalidDocument` with all that is wrong with it; `conflict`.
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

  /// Changes a document: `change` is given the text that stands there and returns the new one. It is called again if a
  /// daemon has written of a run meanwhile.
  ///
  /// - Throws: `notFound`; `conflict`; `invalidDocument` for a result that cannot be used, unless the document could not be
  ///   used before, for a result of more than 1 MiB, and for a document that is not UTF-8, which `put` replaces. What
  ///   `change` throws passes as it is, if it is a `BeatError`, and is else wrapped as `refused`; nothing is changed.
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

  /// Deletes a schedule.
  ///
  /// - Throws: `notFound`; `conflict`: somebody else has changed it in this moment.
  public func remove(_ name: String) throws(BeatError) {
    try withStore { client in
      try ScheduleRemoval.remove(try client.document(try entry(name, client)), in: client)
    }
  }

  /// When a schedule is due next, since 1970-01-01 00:00 UTC, as far as its end; what was missed and is made up for
  /// stands first.
  ///
  /// - Parameters:
  ///   - name: the document's key without the prefix.
  ///   - count: at most so many, 1 to 1000.
  /// - Throws: `notFound`.
  public func next(_ name: String, count: Int = 5) throws(BeatError) -> [Duration] {
    try withStore { client in
      let stored = try client.document(try entry(name, client))
      guard !stored.isAbsent else { throw missing(stored.name, client) }
      return preview(stored, try context(client), try client.time())
        .upcoming(min(max(count, 1), 1000)).map(\.due.duration)
    }
  }

  /// Lets the daemon that fires send a schedule's task now, once, beside the schedule, whose due times stay. Nothing is
  /// sent after the time is over, and nothing twice.
  ///
  /// - Parameters:
  ///   - name: the document's key without the prefix.
  ///   - timeout: how long to wait for a daemon; at most an hour. Other calls of this client wait behind it.
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

  /// What was sent, the newest first, as far back as the store's history goes.
  ///
  /// - Parameters:
  ///   - name: of one schedule, which may be gone; nil: of all.
  ///   - limit: at most so many, 1 to 1,000,000.
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

  /// Calls `body` with a connection; a new one where the last was lost.
  private func withStore<Result>(_ body: (StoreClient) throws -> Result) throws(BeatError) -> Result {
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

  /// The connection, or a new one. Nothing was sent so far: it may have been lost between two calls without harm to this one.
  private func connected() throws -> StoreClient {
    if let client {
      // Its end arrives in one turn of the loop, and is told in the next.
      for _ in 0..<2 where !client.connection.isClosed { client.loop.serveReady() }
      letGoOfLost()
    }
    if let client { return client }
    let client = try StoreClient(configuration.store, keys: RedisKeys(prefix: configuration.keyPrefix))
    self.client = client
    return client
  }

  private func letGoOfLost() {
    guard let client, client.connection.isClosed else { return }
    client.loop.serveReady()
    self.client = nil
  }

  /// What a document is read by.
  private func context(_ client: StoreClient) throws -> DocumentContext {
    let context = try DocumentContext(configuration, zones, routes: nil)
    guard let fit = try client.clusterFit() else { return context }
    return fit.applied(
      to: context, defaultQueue: configuration.defaultQueue, kombu: configuration.transportOptions.keys)
  }

  /// A key that is the prefix itself is a schedule, and has the empty name.
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
    .missing(entry, key: EntryName(client.place(of: entry)), store: client.name)
  }

  private func preview(_ stored: StoredDocument, _ context: DocumentContext, _ now: UnixTime) -> SchedulePreview {
    SchedulePreview(stored.name, stored.read, context: context, now: now)
  }

  private func changed(_ change: ScheduleChange, _ context: DocumentContext) throws -> StoredSchedule {
    let after = StoredDocument(
      name: change.name, read: Scheduler.DocumentRead(.document(change.after), change.before.read.watermarkState))
    return StoredSchedule(after, change.preview(context))
  }

  /// Throws all that keeps a text from being a schedule.
  private static func review(
    _ text: [UInt8], _ name: EntryName, _ context: DocumentContext, now: UnixTime
  ) throws(BeatError) {
    let errors = DocumentReview(text, context: context, now: now).remarks.filter { $0.level == .error }
    guard !errors.isEmpty else { return }
    let words = errors.map(\.inWords)
    throw BeatError(.invalidDocument, "\(name): \(words.joined(separator: "; "))")
  }
}
