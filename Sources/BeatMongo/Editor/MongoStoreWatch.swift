import BeatCore
import BeatLoop

/// Watches a MongoDB store by a change stream, on a connection and a thread of its own.
package final class MongoStoreWatch: StoreWatch {
  private let place: MongoPlace
  private let loop: EventLoop
  private let thread: MongoThread
  private var names = MongoNames()
  private var news = StoreNews()
  private var isOpen = false
  private lazy var leaseEnd = LoopTimer(on: loop) { [unowned self] in leaseFreed() }

  /// Begins to watch: whatever happens from now on is reported.
  ///
  /// - Parameter loop: of the calling thread.
  /// - Throws: the server cannot be reached, has no change streams, or this user may not open one.
  package init(_ client: MongoStoreClient, on loop: EventLoop) throws(StoreError) {
    place = client.schedules
    self.loop = loop
    let (url, server) = (client.url, client.serverFacts?.primary)
    do {
      thread = try MongoThread(on: loop) { () throws(MongoError) in
        try MongoClient(url, as: "beat-watch-command-events", directTo: server)
      }
    } catch { throw StoreError(.refused, "\(error)") }
    var failure: MongoError?
    open { failure = $0 }
    while !isOpen, failure == nil { loop.run() }
    if let failure {
      close()
      throw StoreError(failure, from: url, place)
    }
    // The event of a deletion tells the `_id` only.
    var walk = NameWalk(place: place, cursor: nil)
    while true {
      let step = try client.ask { client throws(MongoError) in try walk.step(by: client) }
      for found in step.found { if let name = found.name, let id = found.id["_id"] { names.note(name, of: id) } }
      guard let next = step.next.flatMap({ Int64($0) }) else { break }
      walk = NameWalk(place: place, cursor: next)
    }
  }

  deinit { thread.close() }

  package func close() {
    leaseEnd.cancel()
    thread.close()
  }

  package func take() -> StoreNews {
    defer { news = StoreNews() }
    return news
  }

  // MARK: the stream

  private func open(failed: @escaping (MongoError) -> Void) {
    let (pipeline, database) = (pipeline, place.database)
    thread.perform({ client throws(MongoError) in
      try client.run(["aggregate": 1, "pipeline": pipeline, "cursor": [:]], on: database)
    }) { [weak self] result in
      guard let self else { return }
      if case .failure(let error) = result { failed(error) } else { isOpen = true }
      take(result)
    }
  }

  private func take(_ result: Result<BSONDocument, MongoError>) {
    do throws(MongoError) {
      let page = try MongoPage(try result.get())
      for event in page.documents { heard(event) }
      if page.cursor != 0 { readOn(page.cursor) } else { lost("the change stream has ended") }
    } catch { lost(error.message) }
    wake()
  }

  private func readOn(_ cursor: Int64) {
    let command: BSONDocument = [
      "getMore": .int64(cursor), "collection": "$cmd.aggregate", "maxTimeMS": .int32(ChangeStreamFeed.wait),
    ]
    let database = place.database
    thread.perform({ client throws(MongoError) in try client.run(command, on: database) }) { [weak self] result in
      self?.take(result)
    }
  }

  private func heard(_ document: BSONDocument) {
    if document["ns"]?["coll"]?.text == place.history {
      if let run = document["fullDocument"]?.document.flatMap({ HistoryEntries.run($0) }) { news.runs.append(run) }
      return
    }
    guard let event = ChangeEvent(document, in: place, instance: "") else { return }
    switch event {
    case .stored(let id, let name):
      if let before = names.name(of: id) { edited(before) }
      guard let name else { return }
      names.note(name, of: id)
      edited(name)
    case .updated(let id, let fields, let onlyBookkeeping):
      guard let name = names.name(of: id) else { return }
      news.touched.insert(name)
      guard !onlyBookkeeping else { return }
      edited(name)
      guard let new = fields["name"]?.utf8 else { return }
      names.note(EntryName(Array(new)), of: id)
      edited(EntryName(Array(new)))
    case .deleted(let id): if let name = names.remove(id) { edited(name) }
    case .lease(let lasts):
      guard let lasts else { return }
      guard lasts > 0 else { return leaseFreed() }
      let (microseconds, isTooLong) = lasts.multipliedReportingOverflow(by: 1000)
      leaseEnd.schedule(after: isTooLong ? .max : microseconds)
    case .gone(let reason): lost(reason)
    case .heartbeat, .requested, .applicationTouched: break
    }
  }

  private func edited(_ name: EntryName) {
    news.touched.insert(name)
    news.edited.insert(name)
  }

  private func leaseFreed() {
    leaseEnd.cancel()
    news.isLeaseChanged = true
    wake()
  }

  private func lost(_ reason: String) { news.loss = news.loss ?? reason }

  private func wake() { if loop.isRunning { loop.stop() } }

  /// The stages that leave only what a watch shows on the server.
  private var pipeline: BSON {
    let collections: BSON = .array(([place.schedules] + place.ownCollections).map { .text($0) })
    return [
      ["$changeStream": [:]],
      [
        "$match": [
          "$or": [
            ["ns.coll": .text(place.schedules)],
            ["ns.coll": .text(place.daemon), "documentKey._id": .text(DaemonDocument.lease)],
            ["ns.coll": .text(place.history), "operationType": "insert"],
            ["operationType": ["$in": ["drop", "rename"]], "ns.coll": ["$in": collections]],
            ["operationType": ["$in": ["dropDatabase", "invalidate"]]],
          ]
        ]
      ],
      [
        "$project": [
          "operationType": true, "ns": true, "documentKey": true, "updateDescription": true,
          "fullDocument.name": true, "fullDocument.until": true, "fullDocument.at": true, "fullDocument.id": true,
          "fullDocument.due": true, "fullDocument.late": true, "fullDocument.why": true,
        ]
      ],
    ]
  }
}

/// Belongs to its loop's thread.
@available(*, unavailable)
extension MongoStoreWatch: Sendable {}
