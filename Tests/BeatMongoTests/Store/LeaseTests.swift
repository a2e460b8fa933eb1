import BeatCore
import Foundation
import Testing

@testable import BeatMongo

/// The heartbeat and the lease on a server.
@Suite struct LeaseTests {
  private let bench: StoreBench
  private let client: MongoClient

  init() throws {
    bench = try StoreBench()
    client = try bench.client()
  }

  private func beat(
    _ instance: String, _ sequence: Int64 = 1, ttl: Int64? = 60_000_000, claim: HeartbeatRequest.Claim = .free,
    isOffering: Bool = false
  ) throws -> HeartbeatReply {
    try MongoLeaseStore.beat(
      HeartbeatRequest(sequence: sequence, leaseTTL: ttl, claim: claim, isOffering: isOffering), of: instance,
      incarnation: "word-\(instance)", at: bench.place, by: client)
  }

  private func token(_ reply: HeartbeatReply) -> String? {
    if case .held(let token) = reply.lease { token } else { nil }
  }

  @Test func aHeartbeatTellsTheOneBeforeAndTheTime() throws {
    let first = try beat("a", 1)
    #expect(first.previousSequence == nil)
    let second = try beat("a", 2)
    #expect(second.previousSequence == 1)
    #expect(second.serverTime.map { $0 >= first.serverTime ?? .latest } == true)
    #expect(second.damaged.isEmpty)
    #expect(second.incarnation == "word-a.1")
    #expect(try beat("b", 1).incarnation == "word-a.1")
    #expect(try beat("b", 2, ttl: nil).lease == .free)
    // An old one does not count.
    _ = try client.run(
      [
        "update": .text(bench.place.daemon),
        "updates": [["q": ["_id": "heartbeat:a"], "u": ["$inc": ["at": .int64(-10_000)]]]],
      ], on: bench.place.database)
    #expect(try beat("a", 3).previousSequence == nil)
  }

  @Test func theLeaseGoesFromHandToHand() throws {
    #expect(try token(beat("a")) == "a:1")
    #expect(try token(beat("a")) == "a:1")
    guard case .other("a:1", let left, false) = try beat("b").lease else {
      Issue.record("two have the lease")
      return
    }
    #expect((59_000_000...60_000_000).contains(left))
    #expect(try token(beat("a", isOffering: true)) == "a:1")
    guard case .other("a:1", _, true) = try beat("b").lease else {
      Issue.record("the offer is not told")
      return
    }
    #expect(try token(beat("b", claim: .offered)) == "b:2")
    let calls = try bench.calls()
    let (a, b) = ["a", "b"].map { MongoLeaseStore(calls, bench.context(as: $0), incarnation: "w") }.pair
    try bench.get { a.release(then: $0) }
    #expect(try token(beat("a")) == nil)
    try bench.get { b.release(then: $0) }
    #expect(try token(beat("b", claim: .nothing)) == nil)
    #expect(try token(beat("b", ttl: 100_000)) == "b:3")
    Thread.sleep(forTimeInterval: 0.15)
    #expect(try beat("b", claim: .nothing).lease == .free)
    #expect(try token(beat("b")) == "b:4")
  }

  @Test func aPulseOfAStandbyWritesNothing() throws {
    _ = try beat("a")
    func log() throws -> Int64 {
      try client.run(
        [
          "count": "oplog.rs", "query": ["ns": "\(bench.place.database).\(bench.place.daemon)"],
        ], on: "local")["n"]?.integer ?? 0
    }
    let before = try log()
    for number in 1...5 { #expect(try token(beat("b", Int64(number), claim: .offered)) == nil) }
    // Its heartbeats alone.
    #expect(try log() == before + 5)
  }

  @Test func whatOthersHaveStoredHarmsNoHeartbeat() throws {
    let soon = try #require(try beat("x", ttl: nil).serverTime).microseconds / 1000 + 50_000
    // The field, its value, whether the lease of "a" goes on, and whether the value is told.
    let cases: [(String, BSON, isHeld: Bool, isTold: Bool)] = [
      ("holder", 7, false, true), ("holder", "x y", false, true), ("holder", "ä", false, true),
      ("holder", .string([UInt8](repeating: 0x78, count: 500)), false, true), ("holder", [1], false, true),
      ("holder", .null, false, true), ("holder", "", false, true), ("holder", "new-er", true, true),
      ("epoch", "x", true, true), ("epoch", .int64(1 << 60), true, true), ("epoch", -3, true, true),
      ("epoch", .double(1.5), true, true), ("epoch", .double(.nan), true, true), ("epoch", .null, true, true),
      ("epoch", ["a": 1], true, true), ("until", "tomorrow", false, true), ("until", .null, false, true),
      ("until", .double(1e300), false, true), ("until", .int64(.max), false, false),
      ("until", .int64(.min), false, false), ("until", [1], false, true), ("incarnation", 5, true, true),
      ("incarnation", .string([UInt8](repeating: 0x78, count: 500)), true, true), ("incarnation", "", true, true),
      ("offered", "yes", true, false), ("isHeld", [1], true, false), ("foreign", 7, true, false),
    ]
    for (field, value, isHeld, isTold) in cases {
      var lease: [(name: String, value: BSON)] = [
        ("_id", "lease"), ("holder", "a"), ("epoch", .int64(7)), ("until", .int64(soon)), ("offered", false),
        ("incarnation", "w"),
      ]
      lease.removeAll { $0.name == field }
      try client.put(BSONDocument(lease + [(field, value)]), in: bench.place.daemon, of: bench.place)
      let reply = try beat("b")
      #expect(token(reply) == nil || !isHeld, "\(field) \(value)")
      #expect((token(reply) != nil) == !isHeld, "\(field) \(value)")
      #expect(reply.damaged.count == (isTold ? 1 : 0), "\(field) \(value): \(reply.damaged)")
      #expect(reply.damaged.allSatisfy { $0.found.count <= 128 && !$0.found.isEmpty })
      #expect(!reply.incarnation.isEmpty && reply.incarnation.utf8.count < 128)
      let after = try #require(
        try client.all(in: bench.place.daemon, of: bench.place).first { $0["_id"]?.text == "lease" })
      #expect(after["isTaken"] == nil && after["isHeld"] == nil)
      if token(reply) != nil { #expect(token(reply) == "b:8") }
    }
    // A holder whose epoch was damaged gets another token.
    try client.put(
      ["_id": "lease", "holder": "a", "epoch": "x", "until": .int64(soon)], in: bench.place.daemon, of: bench.place)
    let renewed = try #require(try token(beat("a")))
    #expect(renewed.hasPrefix("a:") && (Int64(renewed.dropFirst(2)) ?? 0) > 1_700_000_000)
    #expect(try token(beat("a")) == renewed)
  }

  @Test func aDamagedHeartbeatIsTold() throws {
    for value: BSON in ["x", .double(.nan), ["a": 1]] {
      try client.put(
        ["_id": "heartbeat:a", "seq": value, "at": value], in: bench.place.daemon, of: bench.place)
      let reply = try beat("a")
      #expect(reply.previousSequence == nil)
      #expect(reply.damaged.count == 2)
      #expect(try beat("a").damaged.isEmpty)
    }
  }

  @Test func theContentsGetANewNameWhenTheyWereLost() throws {
    let first = try beat("a", 1).incarnation
    _ = try client.run(
      ["delete": .text(bench.place.daemon), "deletes": [["q": [:], "limit": 0]]], on: bench.place.database)
    let second = try beat("a", 2)
    #expect(second.incarnation != first)
    #expect(second.previousSequence == nil)
  }

  @Test func aFenceIsThatOfTheHolder() throws {
    #expect(try LeaseFence.check(client, bench.place, token: "a:1") == nil)
    let absent = try #require(try LeaseFence.check(client, bench.place, token: ""))
    #expect(absent.limit == absent.now + 1000)
    let time = try #require(try beat("a").serverTime).microseconds / 1000
    let fence = try #require(try LeaseFence.check(client, bench.place, token: "a:1"))
    #expect((0..<60_000).contains(fence.now - time) && abs(absent.now - fence.now) < 60_000)
    #expect(fence.limit == fence.now + 1000)
    #expect(try LeaseFence.check(client, bench.place, token: "a:2") == nil)
    _ = try beat("a", ttl: 200_000)
    let short = try #require(try LeaseFence.check(client, bench.place, token: "a:1"))
    #expect(short.limit <= short.now + 200)
    Thread.sleep(forTimeInterval: 0.25)
    #expect(try LeaseFence.check(client, bench.place, token: "a:1") == nil)
  }

  @Test func theServerChecksTheFenceWithTheWrite() throws {
    let fence = try #require(try LeaseFence.check(client, bench.place, token: ""))
    let late = try #require(LeaseFence(nil, token: "", now: fence.now - 1000))
    try client.put(["_id": "x"], in: bench.place.marks, of: bench.place)
    func count(_ condition: BSON) throws -> Int {
      try client.documents(
        ["find": .text(bench.place.marks), "filter": ["$expr": condition]], on: bench.place.database
      )
      .count
    }
    #expect(try count(fence.isBeforeLimit) == 1)
    #expect(try count(late.isBeforeLimit) == 0)
    let due = UnixTime(microseconds: (fence.now + 60_000) * 1000)
    #expect(try count(fence.isDue(due, lead: 0)) == 0)
    #expect(try count(fence.isDue(due, lead: 60_000_000)) == 1)
    #expect(try count(fence.isDue(due.advanced(by: -60_000_000), lead: 0)) == 1)
  }

  /// Two daemons that each beat 500 times, with leases that last a few milliseconds: they never overlap.
  @Test func ofTwoThatRaceOneHoldsTheLease() throws {
    struct Holding: Sendable {
      let holder: String
      let epoch: Int64
      let from: Int64
      let until: Int64
    }
    let ttl: Int64 = 4
    let place = bench.place
    let url = bench.server.url("directConnection=true")
    let holdings = Collected<Holding>()
    let threads = ["a", "b"].map { instance in
      let thread = Thread {
        guard let client = (try? MongoURL(url)).flatMap({ try? MongoClient($0) }) else { return }
        for number in 1...500 {
          let request = HeartbeatRequest(sequence: Int64(number), leaseTTL: ttl * 1000, claim: .free)
          guard
            let document = try? client.findAndUpdate(
              DaemonDocument.lease, in: place.daemon, on: place.database,
              by: LeasePipeline.stages(request, instance: instance, word: "w"), returning: LeasePipeline.answered)
          else { continue }
          let lease = LeaseDocument(document)
          guard let holder = lease.holder, let epoch = lease.epoch, let until = lease.until else { continue }
          holdings.add(Holding(holder: holder, epoch: epoch, from: until - ttl, until: until))
          if number % 7 == 0 { Thread.sleep(forTimeInterval: 0.006) }
        }
        holdings.end()
      }
      thread.start()
      return thread
    }
    #expect(bench.loop.serve(120_000_000) { holdings.ends == threads.count })
    let all = holdings.all
    #expect(all.count == 1000)
    #expect(Set(all.map(\.holder)) == ["a", "b"])
    for (epoch, same) in Dictionary(grouping: all, by: \.epoch) {
      #expect(Set(same.map(\.holder)).count == 1, "epoch \(epoch) is of two")
    }
    // Holdings in the order of their epochs: each ends before the next one begins.
    let spans = Dictionary(grouping: all, by: \.epoch).sorted { $0.key < $1.key }.map { epoch, same in
      (same.map(\.from).min() ?? 0, same.map(\.until).max() ?? 0)
    }
    #expect(spans.count > 10)
    for (one, next) in zip(spans, spans.dropFirst()) { #expect(one.1 <= next.0) }
  }
}

extension Array {
  fileprivate var pair: (Element, Element) { (self[0], self[1]) }
}
