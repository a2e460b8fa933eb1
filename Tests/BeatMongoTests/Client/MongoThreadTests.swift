import BeatLoop
import Testing

@testable import BeatMongo

/// A client on its own thread, and a loop that goes on meanwhile.
@Suite struct MongoThreadTests {
  @Test func theAnswerComesOnTheLoop() throws {
    let server = try MongoServer()
    let loop = try EventLoop()
    let url = try MongoURL(server.url())
    let thread = try MongoThread(on: loop) { () throws(MongoError) in try MongoClient(url) }
    var answers: [Result<Int64?, MongoError>] = []
    thread.perform { client throws(MongoError) in
      try client.run(.command("ping"), on: "admin")["ok"]?.integer
    } then: {
      answers.append($0)
    }
    #expect(answers.isEmpty)
    #expect(thread.openCalls == 1)
    #expect(loop.serve(10_000_000) { !answers.isEmpty })
    #expect(answers == [.success(1)])
    #expect(thread.openCalls == 0)
    thread.close()
  }
}
