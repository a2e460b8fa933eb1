import Testing

@testable import BeatRedis
@testable import ReactiveBeat

@Suite struct RequestQueueTests {
  @Test("replies find their requests by number, and unsent requests are sent in order with their numbers")
  func numbers() {
    var requests = RequestQueue()
    var answered: [Int] = []
    func wait(_ index: Int) -> RequestQueue.Completion { { _ in answered.append(index) } }
    #expect(requests.isEmpty && !requests.hasUnsent)
    #expect(requests.append(nil, then: wait(1)) == 1)
    #expect(requests.append(RedisCommand("PING"), then: wait(2)) == 2)
    #expect(requests.append(RedisCommand("TIME"), then: wait(3)) == 3)
    #expect(requests.count == 3 && requests.hasUnsent)
    // Replies come in order: these numbers are not the next one.
    #expect(requests.answered(2) == nil && requests.answered(0) == nil)
    requests.answered(1)?(nil)
    #expect(requests.takeUnsent()?.number == 2 && requests.takeUnsent()?.number == 3)
    #expect(requests.takeUnsent() == nil && !requests.hasUnsent && requests.firstNumber == 2)
    requests.answered(2)?(nil)
    requests.append(RedisCommand("PING"), then: wait(4))
    for completion in requests.removeAll() { completion(nil) }
    #expect(answered == [1, 2, 3, 4] && requests.isEmpty && !requests.hasUnsent)
  }
}

/// How long a reply is awaited, on a clock that only the test moves.
@Suite struct ReplyPatienceTests {
  private let timeouts = RedisTimeouts(reply: 1_000_000)

  private func time(_ seconds: Double) -> MonotonicTime {
    MonotonicTime(nanoseconds: 1 + Int64((seconds * 1e9).rounded()))
  }

  @Test("an overdue reply has one more chance, and a server that sends nothing in that time is given up")
  func silent() {
    var patience = ReplyPatience()
    patience.begin(at: time(0))
    #expect(patience.verdict(at: time(0.4), timeouts, number: 1, received: 0) == .wait(600_000))
    #expect(patience.verdict(at: time(1), timeouts, number: 1, received: 0) == .wait(250_000))
    #expect(patience.verdict(at: time(1.25), timeouts, number: 1, received: 0) == .silent)
  }

  @Test("while bytes come the reply is awaited, but not for ever")
  func slow() {
    var patience = ReplyPatience()
    var allowed = timeouts
    allowed.whole = 3_000_000
    patience.begin(at: time(0))
    #expect(patience.verdict(at: time(1), allowed, number: 1, received: 10) == .wait(250_000))
    #expect(patience.verdict(at: time(1.25), allowed, number: 1, received: 11) == .wait(250_000))
    // The next reply has its own time.
    patience.progressed(at: time(1.3))
    #expect(patience.verdict(at: time(1.5), allowed, number: 2, received: 11) == .wait(800_000))
    #expect(patience.verdict(at: time(2.3), allowed, number: 2, received: 11) == .wait(250_000))
    #expect(patience.verdict(at: time(4.3), allowed, number: 2, received: 12) == .endless)
  }

  @Test("a connection that owed no reply has the whole time for the next one")
  func again() {
    var patience = ReplyPatience()
    patience.begin(at: time(0))
    _ = patience.verdict(at: time(1), timeouts, number: 1, received: 0)
    patience.begin(at: time(10))
    #expect(patience.verdict(at: time(11), timeouts, number: 1, received: 0) == .wait(250_000))
  }
}
