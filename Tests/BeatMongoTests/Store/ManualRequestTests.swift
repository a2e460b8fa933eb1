import Testing

@testable import BeatCore
@testable import BeatMongo

/// Requests for runs by hand on a server.
@Suite struct ManualRequestTests {
  private let bench: StoreBench
  private let client: MongoClient
  private let document = Array(#"{"name": "a"}"#.utf8)

  init() throws {
    bench = try StoreBench()
    client = try bench.client()
  }

  private func requests(
    _ token: String = "", as instance: String = "a", outboxLimit: Int = 100, stored: [UInt8]? = nil,
    lacked: @escaping (String) -> Void = { _ in }
  ) throws -> MongoManualRequests {
    let stored = stored ?? document
    return MongoManualRequests(
      try bench.calls(), bench.context(as: instance, outboxLimit: outboxLimit), fence: { token }, lacked: lacked
    ) { _, _ in stored }
  }

  private func plan(_ id: String) -> FirePlan {
    let now = UnixTime(seconds: 1_772_452_800)
    return FirePlan(
      entry: EntryName("a"), task: "t", taskID: TaskID(text: id), due: now, oldDocument: document,
      newDocument: document,
      message: Array("message".utf8), route: .queue("q"), priority: 0,
      watermark: Watermark(due: now, taskID: nil, totalRunCount: 0), reason: .manual)
  }

  private var now: UnixTime {
    get throws {
      let time = try #require(client.run(["hello": 1], on: "admin")["localTime"]?.milliseconds)
      return UnixTime(microseconds: time * 1000)
    }
  }

  @discardableResult private func ask(_ id: String, within microseconds: Int64 = 60_000_000) throws -> ManualRequest {
    let request = ManualRequest(EntryName("a"), deadline: try now.advanced(by: microseconds))
    try put(["_id": ["request": .text(id)], "entry": "a", "request": .binary(request.bytes)])
    return request
  }

  private func put(_ document: BSONDocument) throws { try client.put(document, in: bench.place.marks, of: bench.place) }

  private func stored(_ id: String) throws -> BSONDocument? {
    try client.all(in: bench.place.marks, of: bench.place).first { $0["_id"]?["request"]?.text == id }
  }

  private func settle(
    _ requests: MongoManualRequests, _ request: ManualRequest, _ id: String, _ step: ManualStep
  ) throws -> String {
    let outcome = try bench.get { (answer: @escaping Completion<ManualOutcome>) in
      requests.settle(request, id: id, by: step) { answer(.success($0)) }
    }
    return outcome.words
  }

  private func waiting(_ requests: MongoManualRequests) throws -> [String] {
    var (position, ids): (ScanPosition?, [String]) = (nil, [])
    repeat {
      let page = try bench.get { requests.page(from: position, then: $0) }
      ids += page.requests.map(\.id)
      position = page.next
    } while position != nil
    return ids
  }

  @Test func aRequestIsCarriedOutOnceAndAnswered() throws {
    let requests = try requests()
    let request = try ask("r")
    #expect(try waiting(requests) == ["r"])
    #expect(try settle(requests, request, "r", .fire(plan("t"))) == "fired")
    #expect(try settle(requests, request, "r", .fire(plan("t"))) == "over")
    #expect(try waiting(requests) == [])
    let answered = try #require(try stored("r"))
    #expect(answered["answer"]?.text == "fired t")
    #expect(answered["done"] == nil)
    let pending = try #require(answered["pending"]?.members).map(\.value)
    #expect(pending.count == 1)
    #expect(pending.compactMap { MarkItem.item(of: $0) } == [OutboxItem(plan("t"))])
    let history = try client.all(in: bench.place.history, of: bench.place).compactMap { HistoryEntries.run($0) }
    #expect(history.map(\.taskID) == ["t"] && history.map(\.reason) == ["manual"] && history.map(\.late) == [0])
    #expect(try abs(now.microseconds(since: try #require(history.first?.due))) < 60_000_000)
  }

  @Test func aRefusalIsAnsweredAndEnds() throws {
    let requests = try requests()
    #expect(try settle(requests, ask("r"), "r", .refuse("it is finished")) == "refused: it is finished")
    #expect(try stored("r")?["answer"]?.text == "refused it is finished")
    #expect(try stored("r")?["done"]?.type == .date)
    try ask("s")
    requests.refuse("s", because: "we may not")
    #expect(bench.loop.serve(20_000_000) { (try? stored("s"))??["answer"]?.text == "refused we may not" })
    #expect(try stored("s")?["done"]?.type == .date)
    #expect(try waiting(requests) == [])
    // An answer is never replaced.
    requests.refuse("r", because: "no")
    #expect(try waiting(requests) == [])
    #expect(try stored("r")?["answer"]?.text == "refused it is finished")
  }

  @Test func aLateRequestIsRemoved() throws {
    let requests = try requests()
    for (id, step) in [("r", ManualStep.fire(plan("t"))), ("s", .refuse("no"))] {
      #expect(try settle(requests, ask(id, within: -1000), id, step) == "over")
    }
    #expect(try client.all(in: bench.place.marks, of: bench.place).isEmpty)
    let other = try self.requests(stored: [1])
    #expect(try settle(other, ask("r", within: -1000), "r", .fire(plan("t"))) == "over")
    #expect(try client.all(in: bench.place.marks, of: bench.place).isEmpty)
  }

  @Test func aRequestForAnEditedDocumentWaits() throws {
    let requests = try requests(stored: Array("{}".utf8))
    #expect(try settle(requests, ask("r"), "r", .fire(plan("t"))) == "changed")
    #expect(try waiting(requests) == ["r"])
  }

  @Test func aRequestIsSettledByTheHolderAlone() throws {
    let requests = try requests("a:1")
    let request = try ask("r")
    #expect(try settle(requests, request, "r", .fire(plan("t"))) == "over")
    #expect(try settle(requests, request, "r", .refuse("no")) == "over")
    #expect(try waiting(requests) == ["r"])
    _ = try MongoLeaseStore.beat(
      HeartbeatRequest(sequence: 1, leaseTTL: 60_000_000), of: "a", incarnation: "w", at: bench.place, by: client)
    #expect(try settle(requests, request, "r", .fire(plan("t"))) == "fired")
  }

  @Test func aFullOutboxRefuses() throws {
    let requests = try requests(outboxLimit: 2)
    #expect(try settle(requests, ask("1"), "1", .fire(plan("1"))) == "fired")
    #expect(try settle(requests, ask("2"), "2", .fire(plan("2"))) == "fired")
    // What no daemon has written does not count.
    try put(["_id": "odd", "pending": ["seq": .int64(1)]])
    #expect(
      try settle(requests, ask("3"), "3", .fire(plan("3")))
        == "refused: the outbox is full: 2 messages wait for the broker")
    #expect(try stored("3")?["answer"]?.text?.contains("outbox") == true)
  }

  @Test func manyRequestsAreFoundAndStrangeOnesRemoved() throws {
    let requests = try requests()
    let deadline = try now.advanced(by: 60_000_000)
    let bytes = ManualRequest(EntryName("a"), deadline: deadline).bytes
    // Marks of schedules are no requests.
    try put(["_id": "a", "mark": "x"])
    try put(["_id": .binary([0xFF]), "mark": "x"])
    for number in 0..<250 { try put(["_id": ["request": .text("r\(number)")], "request": .binary(bytes)]) }
    try put(["_id": ["request": "text"], "request": .string(bytes)])
    let strange: [BSONDocument] = [
      ["_id": ["request": "strange"], "request": .binary(Array("tomorrow, please".utf8))],
      ["_id": ["request": "none"]], ["_id": ["other": 1], "request": .binary(bytes)],
      ["_id": ["request": 7], "request": .binary(bytes)],
      ["_id": ["request": "long"], "request": .binary(bytes + [UInt8](repeating: 0x78, count: 70_000))],
    ]
    for document in strange { try put(document) }
    let found = try waiting(requests)
    #expect(Set(found) == Set((0..<250).map { "r\($0)" } + ["text"]))
    #expect(found.count == 251)
    #expect(try client.all(in: bench.place.marks, of: bench.place).count == 253)
  }

  /// The mark in which a daemon rehearses a fire is no request, so it is not one that cannot be read either.
  @Test func whileAnotherDaemonRehearsesItsMarkStays() throws {
    let requests = try requests()
    let calls = try bench.calls()
    let rehearsal = MongoRehearsal(place: bench.place, instance: "b")
    var proofs: [Candidacy.Proof] = []
    var pages = 0
    for _ in 0..<100 {
      calls.perform({ client throws(MongoError) in try rehearsal.proof(by: client) }) { result in
        if case .success(let proof) = result { proofs.append(proof) }
      }
    }
    // The looks at the requests go on until the last rehearsal has ended.
    func look() {
      requests.page(from: nil) { _ in
        pages += 1
        if proofs.count < 100 { look() }
      }
    }
    look()
    #expect(bench.loop.serve(60_000_000) { proofs.count == 100 })
    #expect(proofs.allSatisfy { $0 == .able } && pages > 1)
    #expect(try client.all(in: bench.place.marks, of: bench.place).isEmpty)
  }

  @Test func ofTwoDaemonsOneCarriesItOut() throws {
    let both = try ["a", "b"].map { try requests(as: $0) }
    for number in 0..<20 {
      let request = try ask("\(number)")
      var outcomes: [String] = []
      for requests in both {
        requests.settle(request, id: "\(number)", by: .fire(plan("t"))) { outcomes.append($0.words) }
      }
      #expect(bench.loop.serve(20_000_000) { outcomes.count == 2 })
      #expect(outcomes.count { $0 == "fired" } == 1 && outcomes.count { $0 == "over" } == 1)
    }
  }
}

extension ManualOutcome {
  /// For comparison.
  fileprivate var words: String {
    switch self {
    case .fired: "fired"
    case .refused(let reason): "refused: \(reason)"
    case .changed: "changed"
    case .failed(let refusal): "failed: \(refusal.text)"
    case .over: "over"
    }
  }
}
