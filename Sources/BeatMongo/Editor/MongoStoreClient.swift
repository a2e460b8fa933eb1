import BeatCore
import BeatLoop
import Glibc

/// A synchronous client of a MongoDB store, for commands of a shell and for applications: one connection to the primary,
/// and calls that wait for the answer. The daemon itself never waits.
///
/// Each answer has a deadline of 10 s. After an error of the kind `.unreachable` every further call fails. Where the
/// primary has changed, the next call looks for the new one.
package final class MongoStoreClient: StoreEditor {
  /// The deadline for each answer; microseconds. It is also how long a change is tried again while others keep changing
  /// the document.
  static let patience: Int64 = 10_000_000

  private enum Connection {
    /// The primary is looked for with the next call.
    case none
    case open(MongoClient)
    case ended(StoreError)
  }

  package let url: MongoURL
  package let schedules: MongoPlace
  private let runs: RunPreview
  private var connection = Connection.none
  /// What the server has said of itself when it was found.
  private(set) var serverFacts: MongoServerFacts?
  /// The documents without a name of their own that the last walk has found.
  var aliases = MongoAliases(touched: { _ in }, named: { _, _ in })
  package internal(set) var ignoredNames: String?

  /// Connects and logs in.
  ///
  /// - Parameter runs: makes previews of runs.
  package init(_ url: MongoURL, _ schedules: MongoPlace, runs: RunPreview) throws(StoreError) {
    self.url = url
    self.schedules = schedules
    self.runs = runs
    _ = try client()
  }

  package var isClosed: Bool { if case .ended = connection { true } else { false } }

  package func close() {
    guard !isClosed else { return }
    connection = .ended(StoreError(.unreachable, "\(url): the connection was closed"))
  }

  // MARK: calls

  /// Finds the primary with a command's patience.
  static func search(_ url: MongoURL) -> PrimarySearch {
    var timeouts = MongoTimeouts()
    timeouts.connect = Int32(clamping: patience / 2000)
    timeouts.selection = timeouts.connect
    timeouts.answer = Int32(clamping: patience / 1000)
    return PrimarySearch(url, as: "beat-watch-command", timeouts: timeouts)
  }

  /// Asks the server.
  func ask<Value>(_ work: (MongoClient) throws(MongoError) -> Value) throws(StoreError) -> Value {
    let client = try client()
    do throws(MongoError) { return try work(client) } catch { throw failure(error) }
  }

  /// The server's error, after which the connection may be of no use any more.
  func failure(_ error: MongoError) -> StoreError {
    let failure = StoreError(error, from: url, schedules)
    switch (error.kind, error.code) {
    case (.network, _): connection = .ended(failure)
    case (_, .notPrimary): connection = .none
    default: break
    }
    return failure
  }

  private func client() throws(StoreError) -> MongoClient {
    switch connection {
    case .open(let client): return client
    case .ended(let error): throw error
    case .none: break
    }
    let search = Self.search(url)
    let client: MongoClient
    do throws(MongoError) { client = try search.client() } catch { throw failure(error) }
    if let problem = search.facts?.problem { throw StoreError(.unsuitable, "\(url) \(problem)") }
    serverFacts = search.facts
    connection = .open(client)
    return client
  }

  // MARK: the place

  package var name: String { "\(url)" }
  package var terms: any StoreTerms { MongoTerms() }
  /// `celery.schedules`
  package var prefix: [UInt8] { Array("\(schedules.database).\(schedules.schedules)".utf8) }
  /// `celery.schedules {name: "report"}`, or `{_id: …}` for a document without a name of its own.
  package func place(of name: EntryName) -> [UInt8] {
    switch aliases.place(of: name) {
    case .name: prefix + Array(#" {name: ""#.utf8) + name.bytes + Array(#""}"#.utf8)
    case .nameless(let id), .second(let id, _): prefix + Array(" {_id: \(id["_id"]?.words ?? "")}".utf8)
    }
  }
  /// A name is a String in a document.
  package func canHold(_ name: EntryName) -> Bool {
    !name.bytes.isEmpty && String(validating: name.bytes, as: UTF8.self) != nil
  }

  package func time() throws(StoreError) -> UnixTime {
    let now = try ask { client throws(MongoError) in try ServerTime.read(client) }
    guard let time = ServerTime.time(now) else { throw StoreError(.refused, "\(url) does not tell the time") }
    return time
  }

  // MARK: previews

  package func preview(
    _ document: StoredDocument, context: DocumentContext, defaultQueue: String
  ) throws(StoreError) -> Result<FirePlan, Scheduler.ManualProblem> {
    runs.plan(
      of: document, context: context, defaultQueue: defaultQueue, origin: "gen\(getpid())@\(HostName.current)",
      now: try time())
  }

  /// A message waits in its schedule's mark first, so the store does not limit where it goes.
  package func problem(ofPlace place: [UInt8], named name: String) -> String? { nil }
}

/// Belongs to the thread that made it.
@available(*, unavailable)
extension MongoStoreClient: Sendable {}
