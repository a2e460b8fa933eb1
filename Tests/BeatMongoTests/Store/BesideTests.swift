import BeatCore
import Testing

@testable import BeatMongo

/// Records, receipts, the manifest and the history on a server.
@Suite struct BesideTests {
  private let bench: StoreBench
  private let client: MongoClient
  private let calls: MongoCalls

  init() throws {
    bench = try StoreBench()
    client = try bench.client()
    calls = try bench.calls()
  }

  // MARK: records

  private func registry(_ instance: String) -> MongoDaemonRegistry {
    MongoDaemonRegistry(calls, bench.context(as: instance))
  }

  private func record(_ host: String) -> DaemonRecord {
    DaemonRecord(
      version: "1", host: host, processID: 7, since: UnixTime(seconds: 1_772_452_800), isLeading: false,
      events: "stream", delivery: "outbox", schedules: 3, rejected: 1, repaired: 0, timezone: "UTC", broker: "b")
  }

  private func beat(_ instance: String) throws {
    _ = try MongoLeaseStore.beat(
      HeartbeatRequest(sequence: 1, leaseTTL: nil), of: instance, incarnation: "w", at: bench.place, by: client)
  }

  private func records(_ registry: MongoDaemonRegistry) throws -> [String: DaemonRecord] {
    Dictionary(try bench.get { registry.others(then: $0) }.map { ($0.instance, $0.record) }) { $1 }
  }

  @Test func aRecordIsListedReplacedAndTakenAway() throws {
    let (a, b) = (registry("a"), registry("b"))
    try bench.get { a.write(record("one"), then: $0) }
    try bench.get { b.write(record("two"), then: $0) }
    try client.put(["_id": "record:odd", "record": 7], in: bench.place.daemon, of: bench.place)
    try client.put(
      ["_id": "record:long", "record": .string([UInt8](repeating: 0x20, count: 70_000))], in: bench.place.daemon,
      of: bench.place)
    #expect(try records(a) == ["a": record("one"), "b": record("two")])
    try bench.get { a.write(record("three"), then: $0) }
    a.remove()
    #expect(try records(b) == ["b": record("two")])
  }

  @Test func theDeadAreSweptAndTheLivingStay() throws {
    let a = registry("a")
    for instance in ["a", "b", "c"] { try bench.get { registry(instance).write(record("h"), then: $0) } }
    for number in 0..<150 {
      try client.put(
        ["_id": "record:x\(number)", "record": .string(record("x").bytes)], in: bench.place.daemon, of: bench.place)
    }
    for instance in ["a", "c", "old"] { try beat(instance) }
    _ = try client.run(
      [
        "update": .text(bench.place.daemon),
        "updates": [
          ["q": ["_id": "heartbeat:old"], "u": ["$inc": ["at": .int64(-4_000_000)]]],
          ["q": ["_id": "heartbeat:c"], "u": ["$inc": ["at": .int64(-9_000)]]],
        ],
      ], on: bench.place.database)
    #expect(try bench.get { a.isAlive("c", then: $0) })
    #expect(try !bench.get { a.isAlive("old", then: $0) })
    #expect(try !bench.get { a.isAlive("nobody", then: $0) })
    a.sweep()
    #expect(bench.loop.serve(20_000_000) { (try? records(a).count) == 2 })
    #expect(Set(try records(a).keys) == ["a", "c"])
    let left = try client.all(in: bench.place.daemon, of: bench.place).compactMap { $0["_id"]?.text }
    #expect(left == ["heartbeat:a", "heartbeat:c", "lease", "record:a", "record:c"])
  }

  @Test func theOwnRecordIsAmongAThousand() throws {
    let z = registry("zzz")
    try bench.get { z.write(record("own"), then: $0) }
    let many = (0..<1100).map { number -> BSON in
      ["_id": "record:x\(number)", "record": .string(record("x").bytes)]
    }
    _ = try client.run(
      ["insert": .text(bench.place.daemon), "documents": .array(many)], on: bench.place.database)
    let found = try records(z)
    #expect(found.count == 1000)
    #expect(found["zzz"] == record("own"))
  }

  // MARK: receipts

  @Test func receiptsAreWrittenAndAWalkFindsEach() throws {
    var refusals: [String] = []
    let store = MongoReceiptStore(calls) { refusals.append($0) }
    func all() throws -> [EntryName: [UInt8]] {
      var (position, found): (ScanPosition?, [EntryName: [UInt8]]) = (nil, [:])
      repeat {
        let page = try bench.get { store.page(from: position, then: $0) }
        for (name, bytes) in page.receipts {
          #expect(found[name] == nil)
          found[name] = bytes
        }
        position = page.next
      } while position != nil
      return found
    }
    func receipt(_ reason: String) -> EditReceipt {
      EditReceipt(.rejected(reason: reason), heard: UnixTime(seconds: 1_772_452_800))
    }
    #expect(try all() == [:])
    var receipts: [EntryName: EditReceipt] = [:]
    for number in 0..<1200 { receipts[EntryName("s\(number)")] = receipt("\(number)") }
    for byte in UInt8(0x80)...0xFF { receipts[EntryName([byte])] = receipt("\(byte)") }
    receipts[EntryName("")] = receipt("empty")
    store.write(receipts)
    #expect(try all() == receipts.mapValues(\.bytes))
    // What others have stored is left out.
    try client.put(["_id": 7, "receipt": "x"], in: bench.place.receipts, of: bench.place)
    try client.put(["_id": "odd", "receipt": 7], in: bench.place.receipts, of: bench.place)
    try client.put(
      ["_id": "long", "receipt": .string([UInt8](repeating: 0x20, count: 70_000))], in: bench.place.receipts,
      of: bench.place)
    store.write([EntryName("s0"): receipt("another"), EntryName("s1"): nil, EntryName([0x80]): nil])
    receipts[EntryName("s0")] = receipt("another")
    receipts[EntryName("s1")] = nil
    receipts[EntryName([0x80])] = nil
    #expect(try all() == receipts.mapValues(\.bytes))
    #expect(refusals == [])
  }

  // MARK: manifest

  @Test func aManifestIsReadToTheByte() throws {
    let store = MongoApplicationStore(calls)
    func manifest() throws -> [UInt8]? { try bench.get { store.read(then: $0) } }
    func put(_ value: BSON) throws {
      try client.put(["_id": "application", "manifest": value], in: bench.place.daemon, of: bench.place)
    }
    #expect(try manifest() == nil)
    let text = Array(#"{"tasks": "\#(String(repeating: "ü", count: 70_000))"}"#.utf8)
    for value in [BSON.string(text), .binary(text)] {
      try put(value)
      #expect(try manifest() == text)
    }
    for value: BSON in ["", .binary([])] {
      try put(value)
      #expect(try manifest() == nil)
    }
    try client.put(["_id": "application"], in: bench.place.daemon, of: bench.place)
    #expect(try manifest() == nil)
    let long = [UInt8](repeating: 0x20, count: Limit.manifestLength.most + 1)
    for value: BSON in [.string(long), .binary(long), 7, ["a": 1], .null] {
      try put(value)
      #expect(throws: Refusal.self) { try manifest() }
    }
    try put(.string(long.dropLast()))
    #expect(try manifest()?.count == Limit.manifestLength.most)
  }

  // MARK: history

  @Test func theHistoryKeepsAboutItsLength() throws {
    func run(_ number: Int) -> FireRecord {
      FireRecord(
        name: EntryName("s"), taskID: "\(number)", due: UnixTime(seconds: Int64(number)), late: 0, reason: "schedule")
    }
    func stored() throws -> [Int] {
      try client.all(in: bench.place.history, of: bench.place).compactMap { HistoryEntries.run($0) }.compactMap {
        Int($0.taskID)
      }
    }
    let context = bench.context(as: "a", session: 1, historyLength: 50)
    for number in 0..<130 {
      #expect(try context.history.add([run(number)], by: client) == nil)
      let kept = try stored()
      #expect(kept == Array((number + 1 - kept.count)...number))
      #expect(kept.count >= min(number + 1, 50) && kept.count <= 63)
    }
    // Sessions with one run each.
    for number in 130..<140 {
      let next = bench.context(as: "a", session: Int64(number), historyLength: 50)
      #expect(try next.history.add([run(number)], by: client) == nil)
      #expect(try stored().count == 50)
    }
    #expect(try bench.context(as: "a", historyLength: 0).history.add([run(1)], by: client) == nil)
    #expect(try stored() == Array(90..<140))
    // Many at once.
    let last = bench.context(as: "a", session: 200, historyLength: 50)
    #expect(try last.history.add((140..<340).map { run($0) }, by: client) == nil)
    #expect(try stored() == Array(290..<340))
  }

  @Test func theHistorysFailureIsToldAndHarmsNothing() throws {
    let context = bench.context(as: "a", session: 1, historyLength: 50)
    let other = bench.context(as: "b", session: 1, historyLength: 50)
    let run = FireRecord(name: EntryName("s"), taskID: "t", due: UnixTime(seconds: 1), late: 0, reason: "schedule")
    #expect(try context.history.add([run], by: client) == nil)
    // The same number: the server refuses the second.
    #expect(try other.history.add([run], by: client)?.hasPrefix("the history is not kept: ") == true)
  }

  // MARK: numbers

  @Test func numbersFollowTheLease() throws {
    let (place, client) = (bench.place, client)
    let a = MongoSequence(session: try MongoSequence.opened(client, place))
    let b = MongoSequence(session: try MongoSequence.opened(client, place))
    var last: Int64 = 0
    // "b" has opened its session later, and "a" leads again after it.
    for (sequence, token) in [(a, "a:1"), (a, "a:1"), (b, "b:2"), (a, "a:3"), (b, "b:4"), (b, "b:4"), (a, "a:5")] {
      try sequence.follow(token, client, place)
      for _ in 0..<3 {
        let next = sequence.next()
        #expect(next > last)
        last = next
      }
    }
    try a.follow("", client, place)
    let first = a.next()
    #expect(first > last)
    try a.follow("", client, place)
    #expect(a.next() == first + 1)
  }

  @Test func theSessionsNumberOutlastsAnything() throws {
    var last: Int64 = 1_700_000_000
    func open() throws {
      let next = try MongoSequence.opened(client, bench.place)
      #expect(next > last)
      last = next
    }
    for _ in 0..<3 { try open() }
    let time = last
    let others: [BSON] = ["x", .null, .double(.nan), .int64(.max), .int64(-1), [1]]
    for value in others {
      try client.put(["_id": "sessions", "n": value], in: bench.place.daemon, of: bench.place)
      let next = try MongoSequence.opened(client, bench.place)
      #expect((time - 10...time + 600).contains(next))
    }
    try client.put(["_id": "sessions", "n": 5], in: bench.place.daemon, of: bench.place)
    #expect(try MongoSequence.opened(client, bench.place) == 6)
  }
}
