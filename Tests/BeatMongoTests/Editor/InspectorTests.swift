import BeatLoop
import Glibc
import Testing

@testable import BeatCore
@testable import BeatMongo

/// What commands ask a store.
@Suite struct InspectorTests {
  private let bench: EditorBench
  private var store: MongoStoreClient { bench.store }

  init() throws { bench = try EditorBench() }

  private func run(_ number: Int64) -> FireRecord {
    FireRecord(
      name: EntryName("a"), taskID: "\(number)", due: UnixTime(seconds: 1_772_452_800 + number), late: 1000,
      reason: "schedule")
  }

  private func add(_ numbers: [Int64], _ history: HistoryEntries) throws {
    #expect(try history.add(numbers.map(run), by: bench.other) == nil)
  }

  @Test func theHistoryIsWalkedFromItsEnd() throws {
    #expect(try store.newestRun() == nil && store.oldestRun() == nil)
    var place = try store.historyEnd()
    let history = HistoryEntries(bench.place, length: 10_000, sequence: MongoSequence(session: 1))
    try add(Array(0..<700), history)
    try bench.other.put(["_id": .int64(5), "strange": true], in: bench.place.history, of: bench.place)
    try bench.other.put(["_id": "zzz", "name": "a", "due": 1, "late": 1], in: bench.place.history, of: bench.place)
    var all: [Int64?] = []
    try store.walkHistory(since: nil) {
      all.append(Int64($0.taskID))
      return true
    }
    #expect(all == (0..<700).reversed().map { $0 })
    #expect(try store.newestRun() == run(699).firedAt)
    // Times are kept in milliseconds.
    #expect(try store.oldestRun() == nil)
    _ = try bench.other.run(
      ["delete": .text(bench.place.history), "deletes": [["q": ["strange": true], "limit": 1]]],
      on: bench.place.database)
    #expect(try store.oldestRun() == run(0).firedAt)
    all = []
    try store.walkHistory(since: run(690).firedAt) {
      all.append(Int64($0.taskID))
      return all.count < 5
    }
    #expect(all == [699, 698, 697, 696, 695])
    all = []
    try store.walkHistory(since: run(690).firedAt) {
      all.append(Int64($0.taskID))
      return true
    }
    #expect(all == (690..<700).reversed().map { $0 })
    let end = try store.historyEnd()
    #expect(try store.runs(after: &place).map(\.taskID) == (0..<500).map { "\($0)" })
    #expect(try store.runs(after: &place).map(\.taskID) == (500..<700).map { "\($0)" })
    #expect(place == end)
    try add([700], history)
    all = []
    try store.walkHistory(since: nil, upTo: end) {
      all.append(Int64($0.taskID))
      return false
    }
    #expect(all == [699])
  }

  @Test func newRunsAreWaitedFor() throws {
    var place = try store.historyEnd()
    let start = MonotonicTime.now()
    #expect(try store.runs(after: &place) == [])
    #expect((4_900_000...60_000_000).contains(MonotonicTime.now().microseconds(since: start)))
    let (server, history) = (
      bench.bench.server, HistoryEntries(bench.place, length: 100, sequence: MongoSequence(session: 1))
    )
    let record = run(1)
    try OwnThread.start {
      usleep(400_000)
      guard let client = try? MongoClient(MongoURL(server.url("directConnection=true"))) else { return }
      _ = try? history.add([record], by: client)
    }
    #expect(try store.runs(after: &place) == [record])
  }

  @Test func theDaemonsAreShown() throws {
    #expect(try store.fleet().members.isEmpty && store.fleet().lease == nil)
    func record(_ host: String, leads: Bool = false) -> BSON {
      .string(
        DaemonRecord(
          version: "1", host: host, processID: 7, since: UnixTime(seconds: 1_772_452_800), isLeading: leads,
          events: "stream", delivery: "outbox", schedules: 3, rejected: 1, repaired: 0, timezone: "UTC", broker: "b"
        ).bytes)
    }
    for (instance, ttl) in [("one", 60_000_000), ("two", 60_000_000), ("gone", nil)] as [(String, Int64?)] {
      _ = try MongoLeaseStore.beat(
        HeartbeatRequest(sequence: 1, leaseTTL: ttl), of: instance, incarnation: "w", at: bench.place, by: bench.other)
      try bench.other.put(
        ["_id": .text("record:\(instance)"), "record": record(instance, leads: instance == "one")],
        in: bench.place.daemon,
        of: bench.place)
    }
    _ = try bench.other.run(
      [
        "update": .text(bench.place.daemon),
        "updates": [
          ["q": ["_id": "heartbeat:gone"], "u": ["$inc": ["at": .int64(-60_000)]]],
          ["q": ["_id": "record:old"], "u": ["$set": ["record": "odd"]], "upsert": true],
        ],
      ], on: bench.place.database)
    let fleet = try store.fleet()
    #expect(fleet.members.map(\.instance) == ["one", "two", "gone"])
    #expect(fleet.alive.map(\.instance) == ["one", "two"] && fleet.firing.map(\.instance) == ["one"])
    #expect(fleet.lease?.token == "one:1" && fleet.epoch == 1)
    #expect((50_000...60_000).contains(fleet.lease?.remaining ?? 0))
    #expect(fleet.members.first?.silence.map { $0 < 30_000_000 } == true)
    // A lease that has run out is none.
    _ = try bench.other.run(
      [
        "update": .text(bench.place.daemon), "updates": [["q": ["_id": "lease"], "u": ["$set": ["until": .int64(5)]]]],
      ],
      on: bench.place.database)
    #expect(try store.fleet().lease == nil && store.fleet().epoch == 1)
  }

  @Test func receiptsAreRead() throws {
    let heard = UnixTime(seconds: 1_772_452_800)
    let names = ["b", "a", "c", "ok"]
    for name in names {
      let receipt = EditReceipt(name == "ok" ? .accepted(next: nil) : .rejected(reason: "no \(name)"), heard: heard)
      try bench.other.put(
        ["_id": .text(name), "receipt": .string(receipt.bytes)], in: bench.place.receipts, of: bench.place)
    }
    #expect(try store.receipt(of: EntryName("ok"))?.verdict == .accepted(next: nil))
    #expect(try store.receipt(of: EntryName("none")) == nil)
    let rejections = try store.rejections(atMost: 2)
    #expect(rejections.count == 3 && rejections.first.map(\.1) == ["no a", "no b"])
  }

  @Test func schedulesAreSurveyed() throws {
    for number in 0..<250 { try bench.put(bench.schedule("s\(number)")) }
    try bench.put(["_id": "bad", "name": "bad"])
    try bench.put(["_id": "long", "name": .string([UInt8](repeating: 0x78, count: 5000))])
    let names = try store.names()
    #expect(names.count == 251 && names == EntryName.inOrder(names))
    #expect(store.ignoredNames?.contains("5000") == true || store.ignoredNames?.contains("5,000") == true)
    var seen: [EntryName] = []
    try store.eachDocument(names + [EntryName("none")]) { if !$0.isAbsent { seen.append($0.name) } }
    #expect(seen == names)
    let now = try store.time()
    let whole = try store.survey(Sample.context, now: now, atMost: 1000)
    #expect(whole.count == 251 && whole.rejected == 1 && !whole.isPartial)
    let part = try store.survey(Sample.context, now: now, atMost: 100)
    #expect(part.count == 100 && part.isPartial)
    #expect(try store.neighbours() == [])
    try bench.other.put(["_id": "x", "a": 1], in: "results", of: bench.place)
    try bench.other.put(bench.schedule("x"), in: "old", of: bench.place)
    #expect(try store.neighbours().map(\.description) == ["celery.old"])
  }

  @Test func theManifestIsPublishedInThePlaceOfTheOneSeen() throws {
    let (one, two) = (Array(#"{"a": 1}"#.utf8), Array(#"{"a": 2}"#.utf8))
    #expect(try store.application() == nil)
    #expect(try !store.publishApplication(two, inPlaceOf: one))
    #expect(try store.publishApplication(one, inPlaceOf: nil))
    #expect(try !store.publishApplication(two, inPlaceOf: nil))
    #expect(try store.application() == one)
    #expect(try store.publishApplication(two, inPlaceOf: one))
    #expect(try store.application() == two)
    try bench.other.put(["_id": "application", "manifest": .binary(one)], in: bench.place.daemon, of: bench.place)
    #expect(try store.publishApplication(two, inPlaceOf: one))
    try bench.other.put(["_id": "application", "manifest": ""], in: bench.place.daemon, of: bench.place)
    #expect(try store.publishApplication(one, inPlaceOf: nil))
  }

  @Test func aRunIsPreviewed() throws {
    try bench.put(bench.schedule("a", [("queue", "low")]))
    let plan = try store.preview(store.document(EntryName("a")), context: Sample.context, defaultQueue: "celery").get()
    #expect(plan.route == .queue("low") && plan.task == "proj.tasks.add")
    let none = try store.preview(store.document(EntryName("b")), context: Sample.context, defaultQueue: "celery")
    #expect(throws: Scheduler.ManualProblem.unknown) { try none.get() }
  }

  @Test func theServerTellsOfItself() throws {
    let facts = try store.facts()
    #expect(facts.kind == "mongodb" && facts.writeObstacle == nil)
    #expect(facts.facts.first { $0.name == "replica_set" }?.value == .text(MongoProgram.replicaSet))
    #expect(try abs(SystemClock.now().microseconds(since: store.time())) < 60_000_000)
    #expect(EntryName(store.place(of: EntryName("a"))).description == #"celery.schedules {name: "a"}"#)
    #expect(store.canHold(EntryName("ä")) && !store.canHold(EntryName([0xFF])) && !store.canHold(EntryName("")))
  }

  // MARK: errors

  @Test func aDeadServerIsToldOnceAndForAll() throws {
    bench.bench.server.kill()
    for _ in 0..<2 {
      let error = try #require(throws: StoreError.self) { try store.names() }
      #expect(error.kind == .unreachable && error.message.contains("\(bench.bench.server.port)"), "\(error)")
    }
    #expect(store.isClosed)
    #expect(throws: StoreError.self) { try bench.bench.editor() }
  }

  @Test func aWrongPasswordIsDenied() throws {
    let user = MongoServer.User()
    let server = try MongoServer(user: user)
    let runs = RunPreview(bench.place.taskIDs, envelope: PlainEnvelope(), sha1: SHA1.digest)
    let url = try MongoURL(server.url("authSource=admin&directConnection=true", user: user))
    _ = try MongoStoreClient(url, bench.place, runs: runs).names()
    var wrong = user
    wrong.password = "another-secret"
    let bad = try MongoURL(server.url("authSource=admin&directConnection=true", user: wrong))
    let error = try #require(throws: StoreError.self) { try MongoStoreClient(bad, bench.place, runs: runs) }
    #expect(error.kind == .denied && !error.message.contains("secret"), "\(error)")
  }
}
