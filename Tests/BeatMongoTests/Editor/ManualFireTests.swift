import BeatLoop
import Glibc
import Testing

@testable import BeatCore
@testable import BeatMongo

/// Runs by hand, asked for by a client.
@Suite struct ManualFireTests {
  private let bench: EditorBench
  private let a = EntryName("a")

  init() throws { bench = try EditorBench() }

  /// Answers the first request with this change of its document, or removes it.
  private func answer(_ update: BSON?) throws {
    let (server, place) = (bench.bench.server, bench.place)
    try OwnThread.start {
      guard let client = try? MongoClient(MongoURL(server.url("directConnection=true"))) else { return }
      _ = eventually {
        let filter: BSON = ["entry": "a", "deadline": ["$gt": .int64(1_700_000_000_000)]]
        let reply =
          try? update.map { update throws(MongoError) in
            try client.write(
              ["update": .text(place.marks), "updates": [["q": filter, "u": update]]], on: place.database)
          }
          ?? client.write(
            ["delete": .text(place.marks), "deletes": [["q": filter, "limit": 1]]], on: place.database)
        return reply?.count == 1
      }
    }
  }

  private var requests: Int { get throws { try bench.other.all(in: bench.place.marks, of: bench.place).count } }

  @Test func theAnswerIsReturned() throws {
    try answer(["$set": ["answer": "fired 123"]])
    #expect(try bench.store.fire(a, within: 30_000_000) == .fired("123"))
    _ = try bench.other.run(
      ["delete": .text(bench.place.marks), "deletes": [["q": [:], "limit": 0]]], on: bench.place.database)
    try answer(["$set": ["answer": "refused it is finished"]])
    #expect(try bench.store.fire(a, within: 30_000_000) == .refused("it is finished"))
    #expect(try requests == 1)
  }

  @Test func aRequestThatADaemonRemovesIsLate() throws {
    try answer(nil)
    #expect(try bench.store.fire(a, within: 30_000_000) == .late)
  }

  @Test func aRequestIsWithdrawn() throws {
    let start = MonotonicTime.now()
    #expect(try bench.store.fire(a, within: 300_000) == .unanswered)
    #expect(MonotonicTime.now().microseconds(since: start) >= 300_000)
    #expect(try requests == 0)
    var looks = 0
    #expect(
      try bench.store.fire(a, within: 30_000_000) {
        looks += 1
        return looks > 2
      } == .unanswered)
    #expect(MonotonicTime.now().microseconds(since: start) < 25_000_000)
    #expect(try requests == 0)
  }

  @Test func whatADaemonHasTakenIsNotWithdrawn() throws {
    let answer = try bench.store.fire(a, within: 30_000_000) {
      _ = try? bench.other.run(
        [
          "update": .text(bench.place.marks),
          "updates": [["q": ["entry": "a"], "u": ["$set": ["answer": "fired 123"]]]],
        ],
        on: bench.place.database)
      return true
    }
    #expect(answer == .fired("123"))
  }

  /// A daemon's own side of it.
  @Test func aDaemonCarriesItOut() throws {
    try bench.put(bench.schedule("a"))
    let text = try #require(try bench.text("a"))
    let (server, place) = (bench.bench.server, bench.place)
    let context = bench.bench.context(as: "d")
    try OwnThread.start {
      guard let client = try? MongoClient(MongoURL(server.url("directConnection=true"))) else { return }
      _ = eventually {
        guard let document = try? client.all(in: place.marks, of: place).first,
          let id = document["_id"]?["request"]?.text,
          let bytes = document["request"]?.binary?.bytes, let request = ManualRequest(Array(bytes))
        else { return false }
        let plan = FirePlan(
          entry: request.entry, task: "t", taskID: TaskID(text: "123"), due: request.deadline, oldDocument: text,
          newDocument: text, message: [1], route: .queue("q"), priority: 0,
          watermark: Watermark(due: request.deadline, taskID: nil, totalRunCount: 0), reason: .manual)
        let settlement = ManualSettlement(id: id, request: request, step: .fire(plan), token: "", context: context) {
          client, name throws(MongoError) in
          try ScheduleRead(context: context, places: [.name(name)]).result(by: client).reads.first?.text
        }
        return (try? settlement.result(by: client)) != nil
      }
    }
    #expect(try bench.store.fire(a, within: 30_000_000) == .fired("123"))
    #expect(try bench.store.outboxLength() == 1)
    #expect(try eventually { try bench.store.newestRun() != nil })
  }
}
