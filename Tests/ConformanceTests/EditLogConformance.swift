import BeatCore
import BeatLoop
import Testing

@testable import BeatMongo
@testable import BeatRedis

/// What every store promises of the record of edits.
@Suite("Every store keeps the record of edits") struct EditLogConformance {
  enum Kind: String, CaseIterable, Sendable { case redis, mongo }

  private static let now = UnixTime(microseconds: 1_795_000_000_123_456)

  /// `number` microseconds after `now`.
  private func edit(_ number: Int, _ name: String = "a") -> EditRecord {
    EditRecord(
      at: Self.now.advanced(by: Int64(number)), user: "anna", origin: "command line on web1", action: .change,
      name: EntryName(name), note: "\(number)")
  }

  private func all(_ bench: EditBench, since start: UnixTime? = nil) throws -> [EditRecord] {
    var edits: [EditRecord] = []
    try bench.store.walkEdits(since: start) {
      edits.append($0)
      return true
    }
    return edits
  }

  @Test(arguments: Kind.allCases) func whatIsRecordedIsReadAsItWas(_ kind: Kind) throws {
    let bench = try EditBench(kind)
    #expect(try all(bench).isEmpty)
    try bench.store.record([])
    #expect(try all(bench).isEmpty)
    let digest = SHA1.hex([1, 2, 3])
    var recorded: [EditRecord] = []
    for (index, action) in EditAction.allCases.enumerated() {
      let time = Self.now.advanced(by: Int64(index))
      recorded.append(
        EditRecord(
          at: time, user: "größe \u{1B}[31m\n", origin: "web from 192.0.2.7", action: action,
          name: EntryName("a\u{202E}\n"), newName: index == 1 ? EntryName("b") : nil,
          before: index == 2 ? nil : digest, after: index == 3 ? nil : SHA1.hex([]),
          note: index == 4 ? nil : "task \(index)"))
    }
    // Names are bytes, and an edit of several schedules has none.
    for name in [EntryName([0xFF, 0x00, 0x80]), EntryName(""), nil] {
      recorded.append(
        EditRecord(at: Self.now.advanced(by: 100), user: "", origin: "", action: .import, name: name))
    }
    try bench.store.record(Array(recorded.prefix(3)))
    try bench.store.record(Array(recorded.dropFirst(3)))
    #expect(try all(bench) == recorded.reversed())
  }

  @Test(arguments: Kind.allCases) func theNewestComeFirstAsFarAsTheyAreWanted(_ kind: Kind) throws {
    let bench = try EditBench(kind)
    // The entries' ids are of the server's clock, which must be at or after the times in them.
    let start = try bench.store.time()
    var edits = (0..<1_100).map { edit($0) }
    for index in edits.indices { edits[index].at = start.advanced(by: Int64(index) - 2_000) }
    try bench.store.record(edits)
    var taken: [EditRecord] = []
    try bench.store.walkEdits(since: nil) {
      taken.append($0)
      return taken.count < 3
    }
    #expect(taken == edits.suffix(3).reversed())
    #expect(try all(bench) == edits.reversed())
    #expect(try all(bench, since: edits[1_090].at) == edits[1_090...].reversed())
    #expect(try all(bench, since: start.advanced(by: 3_600_000_000)).isEmpty)
  }

  /// The oldest ones drop out.
  @Test(arguments: Kind.allCases) func theyAreBounded(_ kind: Kind) throws {
    let bench = try EditBench(kind)
    let (most, count) = (Limit.editRecords.most, Limit.editRecords.most + 3_000)
    try bench.store.record((0..<count).map { edit($0) })
    try bench.store.record([edit(count)])
    let kept = try all(bench)
    #expect((most...(most * 5 / 4)).contains(kept.count), "\(kept.count)")
    #expect(kept.first == edit(count) && kept.last == edit(count + 1 - kept.count))
  }

  /// What other clients write there is left out, or cut as ours is.
  @Test(arguments: Kind.allCases) func foreignEntriesAreLeftOut(_ kind: Kind) throws {
    let bench = try EditBench(kind)
    let long = String(repeating: "x", count: 100_000)
    try bench.put([("user", "eve")])
    try bench.put([("user", "eve"), ("origin", "o"), ("action", "change"), ("at", "soon"), ("time", "soon")])
    try bench.store.record([edit(1)])
    try bench.put([
      ("user", long), ("origin", long), ("action", "of a newer version"), ("name", long), ("before", "no digest"),
      ("after", long), ("note", long),
    ])
    let found = try all(bench)
    #expect(found.count == 2 && found.last == edit(1), "\(found.count)")
    let strange = try #require(found.first)
    #expect(strange.user.utf8.count <= Limit.editText.most + 3 && strange.origin.utf8.count <= Limit.editText.most + 3)
    #expect(strange.action == "of a newer version" && strange.name == nil && strange.before == nil)
    #expect(strange.after == nil && strange.note == "its name has 100000 bytes")
  }

  /// No daemon and no list takes them for schedules, whatever the prefix is.
  @Test(arguments: Kind.allCases) func theyAreNoSchedules(_ kind: Kind) throws {
    for prefix in kind == .redis ? ["tasks:meta:", "", "reactivebeat:"] : [""] {
      let bench = try EditBench(kind, prefix: prefix)
      try bench.store.record([edit(1)])
      #expect(try bench.store.names() == [] && bench.store.ignoredNames == nil, "\(prefix)")
      #expect(try bench.store.neighbours() == [], "\(prefix)")
      #expect(try all(bench).count == 1)
    }
  }
}

/// A private server with a client of it.
private final class EditBench {
  let store: any StoreEditor
  private let servers: [AnyObject]
  /// Adds an entry as another client does.
  let put: ([(name: String, value: String)]) throws -> Void

  init(_ kind: EditLogConformance.Kind, prefix: String = "tasks:meta:") throws {
    switch kind {
    case .redis:
      let server = try RedisServer()
      let client = try server.client()
      client("SELECT", "1")
      let keys = RedisKeys(prefix: prefix)
      store = try RedisStoreClient(server.url(database: 1), keys: keys)
      servers = [server]
      put = { fields in
        var words = [Array("XADD".utf8), keys.edits, Array("*".utf8)]
        let time = fields.contains { $0.name == "at" } ? [] : [("at", "1795000000000000")]
        for (name, value) in time + fields { words += [Array(name.utf8), Array(value.utf8)] }
        client.call(words)
      }
    case .mongo:
      let server = try MongoServer()
      let place = MongoPlace(database: "celery", schedules: "schedules")
      let url = try MongoURL(server.url())
      let client = try MongoClient(url)
      store = try MongoStoreClient(
        url, place, runs: RunPreview(place.taskIDs, envelope: KombuRedisEnvelope(), sha1: SHA1.digest))
      servers = [server]
      // Greater than those of sessions, whose first is the time.
      var number: Int64 = 9_000_000_000_000_000_000
      put = { fields in
        number += 1
        let time: [(name: String, value: BSON)] =
          fields.contains { $0.name == "time" } ? [] : [("time", .int64(1_795_000_000_000_000))]
        let document = BSONDocument(
          [("_id", .int64(number))] + time + fields.map { ($0.name, .text($0.value)) })
        _ = try client.run(["insert": .text(place.edits), "documents": [.document(document)]], on: place.database)
      }
    }
  }

  deinit { store.close() }
}
