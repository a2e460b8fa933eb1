import BeatCore
import BeatLoop

@testable import BeatMongo

extension StoreAdapter {
  static let mongo = StoreAdapter("MongoDB", [.outbox, .durable]) { try MongoStage() }
}

/// A private server that speaks MongoDB's protocol, with a proxy for each daemon.
final class MongoStage: StoreStage {
  private let server: MongoServer
  private let loop: EventLoop
  private let place = MongoPlace(database: "celery", schedules: "schedules")
  private var proxies: [String: ServerProxy] = [:]
  /// The users' connection.
  private var users: MongoClient
  let changeDetection = ChangeDetection.stream

  init() throws {
    loop = try EventLoop()
    server = try MongoServer()
    users = try MongoClient(try MongoURL(server.url()))
  }

  deinit {
    loop.serveEnds()
  }

  func connector(as instance: String) throws -> any StoreConnector {
    let proxy = try proxies[instance] ?? ServerProxy(to: server, name: "proxy-\(instance)")
    proxies[instance] = proxy
    let settings = MongoStoreSettings(
      try MongoURL(server.url(by: proxy)), place, maximumLead: 50_000,
      maximumDocumentLength: StoreSize.maximumDocumentLength, outboxLimit: StoreSize.outboxLimit,
      historyLength: StoreSize.historyLength)
    return MongoStoreConnector(settings, as: instance, incarnation: "word-\(instance)", on: loop)
  }

  func wait(_ microseconds: Int64, until isMet: () -> Bool) -> Bool {
    loop.serve(microseconds, until: isMet)
  }

  var now: UnixTime {
    (try? users.run(["hello": 1], on: "admin")["localTime"]?.milliseconds).flatMap { ServerTime.time($0) }
      ?? UnixTime(microseconds: 0)
  }

  // MARK: what users do

  /// Users' writes must not be lost when the server dies.
  private static let journaled: BSON = ["w": 1, "j": true]

  private func write(_ command: BSONDocument) {
    do {
      let reply = try users.write(command, on: place.database)
      if let error = reply.errors.first?.error { preconditionFailure("\(error)") }
    } catch { preconditionFailure("\(error)") }
  }

  private func find(_ collection: String, _ filter: BSON, sort: BSON = [:]) -> [BSONDocument] {
    var found: [BSONDocument] = []
    do {
      try users.eachDocument(
        ["find": .text(collection), "filter": filter, "sort": sort], on: place.database
      ) { found.append($0) }
    } catch { preconditionFailure("\(error)") }
    return found
  }

  private func update(_ collection: String, _ filter: BSON, _ update: BSON) {
    write([
      "update": .text(collection), "updates": [["q": filter, "u": update, "upsert": true]],
      "writeConcern": Self.journaled,
    ])
  }

  private func delete(_ collection: String, _ filter: BSON) {
    write([
      "delete": .text(collection), "deletes": [["q": filter, "limit": 0]], "writeConcern": Self.journaled,
    ])
  }

  func write(_ document: [UInt8]?, of name: EntryName) {
    let filter: BSON = ["name": .string(name.bytes)]
    guard let document, let new = try? NewDocument.document(of: document) else {
      return delete(place.schedules, filter)
    }
    // A write that changes nothing raises no event.
    if self.document(of: name) == document { delete(place.schedules, filter) }
    // The document's name is the field, whatever the case calls it.
    let fields = new.members.map { member -> (name: String, value: BSON) in
      member.isNamed("name")
        ? ("name", .string(name.bytes)) : (String(decoding: member.nameBytes, as: UTF8.self), .value(member.value))
    }
    update(place.schedules, filter, .fields(fields))
  }

  func document(of name: EntryName) -> [UInt8]? {
    guard let found = find(place.schedules, ["name": .string(name.bytes)]).first,
      case .text(let text) = StoredText.content(of: found)
    else { return nil }
    return text
  }

  private func mark(of name: EntryName) -> BSONDocument? { find(place.marks, ["_id": .string(name.bytes)]).first }

  func watermark(of name: EntryName) -> [UInt8]? { mark(of: name)?["mark"]?.utf8.map { Array($0) } }

  func damage(watermarkOf name: EntryName, with bytes: [UInt8]) {
    update(place.marks, ["_id": .string(name.bytes)], ["$set": ["mark": .string(bytes)]])
  }

  func messages(in queue: String) -> [[UInt8]] {
    var waiting: [(sequence: Int64, item: OutboxItem)] = []
    for document in find(place.marks, MarkOutbox.hasItems) {
      guard let items = document["pending"]?.members else { continue }
      for item in items {
        guard let sequence = item.value["seq"]?.integer, let item = MarkItem.item(of: item.value) else { continue }
        waiting.append((sequence, item))
      }
    }
    waiting.sort { $0.sequence < $1.sequence }
    return waiting.map(\.item).filter { $0.route == .queue(queue) }.map(\.message)
  }

  private var strange: Int64 = 0

  func putIntoOutbox(_ item: OutboxItem?) {
    strange += 1
    let sequence = 1 << 60 + strange
    let pending: BSON =
      item.map { MarkItem($0, sequence: sequence).value }
      ?? ["seq": .int64(sequence), "id": "strange", "message": "not an item"]
    update(place.marks, ["_id": "another's"], ["$push": ["pending": pending]])
  }

  var setAside: [MessageSetAside] {
    find(place.setAside, [:], sort: ["_id": 1]).map {
      MessageSetAside(id: $0["item"]?["id"]?.text ?? "", reason: $0["reason"]?.text ?? "")
    }
  }
  func fillSetAside() {
    write([
      "insert": .text(place.setAside),
      "documents": .array((1..<Limit.messagesSetAside.most).map { ["_id": .int64(Int64($0)), "reason": "full"] }),
      "writeConcern": Self.journaled,
    ])
  }
  func spoil(queue: String) {}
  func bind(queue: String, to exchange: String, routingKey: String) {}

  func publish(_ manifest: [UInt8]?) {
    let filter: BSON = ["_id": .text(DaemonDocument.application)]
    if let manifest {
      update(place.daemon, filter, ["$set": ["manifest": .binary(manifest)]])
    } else {
      delete(place.daemon, filter)
    }
  }

  func ask(_ request: [UInt8], id: String) {
    write([
      "insert": .text(place.marks), "documents": [["_id": ["request": .text(id)], "request": .binary(request)]],
      "writeConcern": Self.journaled,
    ])
  }

  func answer(to id: String) -> String? {
    find(place.marks, ["_id": ["$eq": ["request": .text(id)]]]).first?["answer"]?.text
  }

  var history: [FireRecord] { find(place.history, [:], sort: ["_id": 1]).compactMap { HistoryEntries.run($0) } }

  func loseContents() { for collection in [place.schedules] + place.ownCollections { delete(collection, [:]) } }

  // MARK: faults

  func cut(_ instance: String) { proxies[instance]?.cut() }

  /// Of a call with several commands, the answer to the one that counts is lost: a fire's mark, a watermark, the lease.
  func loseAnswers(of instance: String) {
    let (marks, lease) = (place.marks, Array("\(DaemonDocument.lease)\0".utf8))
    let (watermark, leaving) = (Array("mark\0".utf8), Array("leaving\0".utf8))
    proxies[instance]?.loseReplies(from: { request in
      guard let (command, collection) = MongoServer.command(in: request) else { return false }
      switch command {
      // A mark is made without a watermark before its first fire.
      case "insert", "update":
        return collection == marks && (request.contains(watermark) || request.contains(leaving))
      case "findAndModify": return request.contains(lease)
      default: return false
      }
    })
  }

  /// The connection of the change stream is one of several, and the session ends with any of them.
  func silence() { for proxy in proxies.values { proxy.cut() } }

  var isRunning = true {
    didSet {
      guard isRunning else { return server.kill() }
      do {
        try server.start()
        users = try MongoClient(try MongoURL(server.url()))
      } catch { preconditionFailure("\(error)") }
    }
  }
}
