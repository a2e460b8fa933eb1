import Glibc
import Testing

@testable import BeatCore
@testable import BeatMongo

@Suite struct FireCommitTests {
  private let bench: StoreBench
  private let client: MongoClient
  private let plan: FirePlan

  init() throws {
    bench = try StoreBench()
    client = try bench.client()
    let stored: BSONDocument = [
      "_id": "id of a", "name": "a", "task": "t", "enabled": true, "interval": ["every": 1, "period": "seconds"],
      "total_run_count": 0,
    ]
    try client.put(stored, in: bench.place.schedules, of: bench.place)
    guard case .text(let old) = StoredText.content(of: stored) else { throw Failure("no text", 0) }
    var new = try DocumentEditor(old)
    new.set("total_run_count", to: "1")
    let due = UnixTime(seconds: 1_700_000_000)
    plan = FirePlan(
      entry: EntryName("a"), task: "t", taskID: TaskID(text: "task"), due: due, oldDocument: old,
      newDocument: new.bytes, message: [1], route: .queue("q"), priority: 0,
      watermark: Watermark(due: due, taskID: TaskID(text: "task"), totalRunCount: 1), reason: .schedule)
  }

  private var mark: BSONDocument? {
    get throws { try client.all(in: bench.place.marks, of: bench.place).first }
  }

  /// Carries out the fire, whose write of the mark reaches the server only after this time; microseconds.
  private func fire(delayed time: UInt32) throws -> [FireOutcome] {
    let proxy = try ServerProxy(to: bench.server)
    let marks = bench.place.marks
    proxy.loseReply(to: { request in
      if let command = MongoServer.command(in: request), command.name == "update", command.collection == marks {
        usleep(time)
      }
      return false
    })
    let behind = try MongoClient(MongoURL(bench.server.url(by: proxy)))
    return try FireCommit(context: bench.context(as: "a"), token: "").result(of: [plan], by: behind).outcomes
  }

  @Test func aFireIsWritten() throws {
    #expect(try fire(delayed: 0) == [.fired])
    #expect(try mark?["mark"]?.utf8.map { Array($0) } == plan.watermark.bytes)
  }

  /// A daemon that was frozen between its look at the document and its write fires nothing: by then the document may be
  /// another one.
  @Test func whatComesAfterTheDeadlineIsNotWritten() throws {
    #expect(try fire(delayed: 1_100_000) == [.changed])
    let mark = try #require(try mark)
    #expect(mark["mark"] == nil)
    #expect(try MarkOutbox.isEmpty(in: bench.place, by: client))
  }
}
