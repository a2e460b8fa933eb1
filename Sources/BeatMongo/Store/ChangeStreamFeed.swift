import BeatCore
import BeatLoop

/// What a change stream brings.
enum ChangeStreamEvent {
  /// Events are heard from now on.
  case opened
  case heard(StoreEvent)
  /// The stream cannot be opened, or has died.
  case failed(MongoError)
  /// What the stream watches is gone.
  case ended(String)
}

/// Reads a change stream on a connection and a thread of its own, for as long as the session lasts. Its end is the end of
/// the session: the next one reads all documents, so no place in the stream is kept.
final class ChangeStreamFeed {
  /// How long the server waits for an event before it answers that there is none; milliseconds. It is less than the
  /// patience for any answer.
  static let wait: Int32 = 1000

  private let settings: MongoStoreSettings
  private let server: MongoServerAddress?
  private let instance: String
  private let ownWrites: OwnWrites
  private let loop: EventLoop
  private let handle: (ChangeStreamEvent) -> Void
  private var thread: MongoThread?
  private var names = MongoNames()
  private var isOver = false
  /// When `touchedAll` may be told again: a document of an unknown name makes the daemon read all.
  private var isAllTouched = false
  private lazy var pause = LoopTimer(on: loop) { [unowned self] in isAllTouched = false }
  /// Fires when the lease runs out: no event tells that.
  private lazy var leaseEnd = LoopTimer(on: loop) { [unowned self] in tell(.leaseFreed) }

  init(
    _ settings: MongoStoreSettings, at server: MongoServerAddress?, as instance: String, ownWrites: OwnWrites,
    on loop: EventLoop,
    handle: @escaping (ChangeStreamEvent) -> Void
  ) {
    self.settings = settings
    self.server = server
    self.instance = instance
    self.ownWrites = ownWrites
    self.loop = loop
    self.handle = handle
  }

  func close() {
    isOver = true
    pause.cancel()
    leaseEnd.cancel()
    thread?.close()
  }

  /// Notes under which name a walk has found a document. An event that has told of the document since is newer.
  func note(_ name: EntryName, of id: BSONValue) { if names.name(of: id) == nil { names.note(name, of: id) } }

  func open() {
    let (url, server, place) = (settings.url, server, settings.place)
    let pipeline = ChangeEvent.pipeline(place, instance: instance)
    do {
      let thread = try MongoThread(on: loop) { () throws(MongoError) in try MongoClient(url, directTo: server) }
      self.thread = thread
      thread.perform({ client throws(MongoError) in
        try client.run(["aggregate": 1, "pipeline": pipeline, "cursor": [:]], on: place.database)
      }) { [weak self] result in
        guard let self, !isOver else { return }
        take(result, isFirst: true)
      }
    } catch { loop.soon { [self] in if !isOver { handle(.failed(MongoError(.client, "\(error)"))) } } }
  }

  private func take(_ result: Result<BSONDocument, MongoError>, isFirst: Bool = false) {
    do throws(MongoError) {
      let page = try MongoPage(try result.get())
      if isFirst { handle(.opened) }
      for event in page.documents where !isOver { heard(event) }
      guard !isOver else { return }
      guard page.cursor != 0 else { return handle(.ended("the change stream has ended")) }
      readOn(page.cursor)
    } catch {
      if !isOver { handle(.failed(error)) }
    }
  }

  private func readOn(_ cursor: Int64) {
    let command: BSONDocument = [
      "getMore": .int64(cursor), "collection": "$cmd.aggregate", "maxTimeMS": .int32(Self.wait),
    ]
    let database = settings.place.database
    thread?.perform({ client throws(MongoError) in try client.run(command, on: database) }) { [weak self] result in
      guard let self, !isOver else { return }
      take(result)
    }
  }

  private func tell(_ event: StoreEvent) { if !isOver { handle(.heard(event)) } }

  // MARK: events

  private func heard(_ document: BSONDocument) {
    guard let event = ChangeEvent(document, in: settings.place, instance: instance) else { return }
    switch event {
    case .heartbeat: tell(.heartbeat)
    case .requested: tell(.requested)
    case .applicationTouched: tell(.applicationTouched)
    case .gone(let reason): handle(.ended(reason))
    case .lease(let lasts): lease(lasts)
    case .stored(let id, let name):
      if let before = names.name(of: id), before != name { tell(.touched(before)) }
      if let name { touched(name, id) } else { unknown(id) }
    case .deleted(let id):
      if let name = names.remove(id) { tell(.touched(name)) } else { touchedAll() }
    case .updated(let id, let fields, let onlyBookkeeping):
      guard let name = names.name(of: id) else { return touchedAll() }
      if ownWrites.take(fields, in: id) { return tell(.writtenInPlace(name)) }
      tell(.touched(name))
      guard !onlyBookkeeping, let new = fields["name"]?.utf8 else { return }
      let newName = EntryName(Array(new))
      if newName != name { touched(newName, id) }
    }
  }

  private func touched(_ name: EntryName, _ id: BSONValue) {
    guard !Limit.nameLength.isExceeded(by: name.bytes.count) else {
      var ignored = IgnoredNames()
      ignored.add(longest: name.bytes.count, head: Array(name.bytes.prefix(IgnoredNames.headLength)))
      return tell(.ignored(ignored))
    }
    names.note(name, of: id)
    tell(.touched(name))
  }

  private func unknown(_ id: BSONValue) {
    _ = names.remove(id)
    touchedAll()
  }

  private func touchedAll() {
    guard !isAllTouched else { return }
    isAllTouched = true
    pause.schedule(after: 1_000_000)
    tell(.touchedAll)
  }

  /// - Parameter lasts: how long the lease lasts from now on; milliseconds. 0: it was given back.
  private func lease(_ lasts: Int64?) {
    guard let lasts else { return }
    guard lasts > 0 else {
      leaseEnd.cancel()
      return tell(.leaseFreed)
    }
    let (microseconds, isTooLong) = lasts.multipliedReportingOverflow(by: 1000)
    leaseEnd.schedule(after: isTooLong ? .max : microseconds)
  }
}
