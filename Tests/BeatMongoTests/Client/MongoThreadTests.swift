import BeatLoop
import Glibc
import Synchronization
import Testing

@testable import BeatMongo

/// A client on its own thread, and a loop that goes on meanwhile.
@Suite struct MongoThreadTests {
  private static func thread(_ text: String, on loop: EventLoop) throws -> MongoThread {
    let url = try MongoURL(text)
    return try MongoThread(on: loop) { () throws(MongoError) in try MongoClient(url) }
  }

  /// A `ping`, and what has come of it.
  private static func ping(_ thread: MongoThread, then: @escaping (MongoError?) -> Void) {
    thread.perform { client throws(MongoError) in
      _ = try client.run(.command("ping"), on: "admin")
    } then: { result in
      if case .failure(let error) = result { then(error) } else { then(nil) }
    }
  }

  @Test func answersComeOnTheLoopInOrder() throws {
    let server = try MongoServer()
    let loop = try EventLoop()
    let thread = try Self.thread(server.url(), on: loop)
    var answers: [Int] = []
    for number in 0..<1000 {
      thread.perform { client throws(MongoError) in
        _ = try client.run(.command("ping"), on: "admin")
        return number
      } then: {
        if case .success(let number) = $0 { answers.append(number) }
      }
    }
    #expect(answers.isEmpty && thread.openCalls == 1000)
    #expect(loop.serve(60_000_000) { answers.count == 1000 })
    #expect(answers == Array(0..<1000) && thread.openCalls == 0)
    thread.close()
  }

  /// A call within an answer is a call like any other.
  @Test func anAnswerAsksOn() throws {
    let server = try MongoServer()
    let loop = try EventLoop()
    let thread = try Self.thread(server.url(), on: loop)
    var rest = 3
    func ask() {
      Self.ping(thread) { error in
        #expect(error == nil)
        rest -= 1
        if rest > 0 { ask() }
      }
    }
    ask()
    #expect(loop.serve(60_000_000) { rest == 0 })
    thread.close()
  }

  @Test func aFrozenServerEndsTheSessionAndNotTheLoop() throws {
    let server = try MongoServer()
    let loop = try EventLoop()
    let thread = try Self.thread(server.url(), on: loop)
    var errors: [MongoError?] = []
    Self.ping(thread) { errors.append($0) }
    #expect(loop.serve(60_000_000) { errors.count == 1 })
    server.suspend()
    let start = MonotonicTime.now()
    var ticks = 0
    var timer: LoopTimer?
    timer = LoopTimer(on: loop) {
      ticks += 1
      timer?.schedule(after: 10_000)
    }
    timer?.schedule(after: 10_000)
    for _ in 0..<10 { Self.ping(thread) { errors.append($0) } }
    #expect(loop.serve(60_000_000) { errors.count == 11 })
    // One timeout, and not one for each call.
    #expect(MonotonicTime.now().microseconds(since: start) < 6_000_000)
    #expect(ticks > 50)
    #expect(errors[0] == nil && errors.dropFirst().allSatisfy { $0?.kind == .network })
    server.resume()
    // The client is not used again, also when the server is back.
    Self.ping(thread) { errors.append($0) }
    #expect(loop.serve(60_000_000) { errors.count == 12 })
    #expect(errors[11] == errors[1])
    thread.close()
    timer = nil
  }

  @Test func aKilledServerEndsTheSession() throws {
    let server = try MongoServer()
    let loop = try EventLoop()
    let thread = try Self.thread(server.url(), on: loop)
    var errors: [MongoError?] = []
    Self.ping(thread) { errors.append($0) }
    #expect(loop.serve(60_000_000) { errors.count == 1 })
    server.kill()
    Self.ping(thread) { errors.append($0) }
    #expect(loop.serve(60_000_000) { errors.count == 2 })
    #expect(errors[0] == nil && errors[1]?.kind == .network)
    thread.close()
    try server.start()
    let next = try Self.thread(server.url(), on: loop)
    Self.ping(next) { errors.append($0) }
    #expect(loop.serve(60_000_000) { errors.count == 3 })
    #expect(errors[2] == nil)
    next.close()
  }

  /// A refusal is the server's answer: the session goes on.
  @Test func aRefusalDoesNotEndTheSession() throws {
    let server = try MongoServer()
    let loop = try EventLoop()
    let thread = try Self.thread(server.url(), on: loop)
    var errors: [MongoError?] = []
    thread.perform { client throws(MongoError) in
      _ = try client.run(.command("noSuchThing"), on: "admin")
    } then: { result in
      if case .failure(let error) = result { errors.append(error) }
    }
    Self.ping(thread) { errors.append($0) }
    #expect(loop.serve(60_000_000) { errors.count == 2 })
    #expect(errors[0]?.code == .unknownCommand && errors[1] == nil)
    thread.close()
  }

  @Test func aClientThatCannotBeMadeIsMadeOnce() throws {
    let loop = try EventLoop()
    let attempts = Counter()
    let reason = MongoError(.client, "no library")
    let thread = try MongoThread(on: loop) { () throws(MongoError) in
      attempts.add()
      throw reason
    }
    var errors: [MongoError?] = []
    for _ in 0..<3 { Self.ping(thread) { errors.append($0) } }
    #expect(loop.serve(60_000_000) { errors.count == 3 })
    #expect(errors == [reason, reason, reason] && attempts.value == 1)
    thread.close()
  }

  /// A thread that hangs in a call is left alone: nobody waits for it, and it ends by itself.
  @Test func closingWaitsForNobody() throws {
    let loop = try EventLoop()
    let closed = MongoClosedThreads(most: 1)
    let (begun, goOn, later) = (Counter(), Counter(), Counter())
    weak var kept: Counter?
    do {
      let mine = Counter()
      kept = mine
      let thread = try MongoThread(on: loop, closedThreads: closed) { () throws(MongoError) in
        begun.add()
        while goOn.value == 0 { usleep(1000) }
        mine.add()
        return try MongoClient(try MongoURL("mongodb://127.0.0.1:1"))
      }
      var answers = 0
      thread.perform { _ throws(MongoError) in
      } then: { _ in
        answers += 1
      }
      thread.perform { _ throws(MongoError) in
        later.add()
      } then: { _ in
        answers += 1
      }
      #expect(loop.serve(60_000_000) { begun.value == 1 })
      thread.close()
      #expect(thread.openCalls == 0)
      // Calls after the end are nothing.
      thread.perform { _ throws(MongoError) in
        later.add()
      } then: { _ in
        answers += 1
      }
      thread.close()
      #expect(throws: EventLoopError.self) {
        try MongoThread(on: loop, closedThreads: closed) { () throws(MongoError) in throw MongoError(.client, "") }
      }
      goOn.add()
      #expect(loop.serve(60_000_000) { kept === mine && (try? closed.requirePlace()) != nil })
      loop.serveEnds()
      #expect(answers == 0 && later.value == 0)
    }
    #expect(loop.serve(60_000_000) { kept == nil })
  }

  /// A session ends within an answer, and lets go of its thread there.
  @Test func closingWithinAnAnswer() throws {
    let loop = try EventLoop()
    let closed = MongoClosedThreads(most: 1)
    var thread: MongoThread? = try MongoThread(on: loop, closedThreads: closed) { () throws(MongoError) in
      throw MongoError(.client, "")
    }
    var answers = 0
    for _ in 0..<100 {
      if let thread {
        Self.ping(thread) { _ in answers += 1 }
      }
    }
    if let asked = thread {
      Self.ping(asked) { [weak asked] _ in
        answers += 1
        asked?.close()
        thread = nil
      }
      for _ in 0..<100 { Self.ping(asked) { _ in answers += 1 } }
    }
    #expect(loop.serve(60_000_000) { thread == nil })
    loop.serveEnds()
    #expect(loop.serve(60_000_000) { (try? closed.requirePlace()) != nil })
    #expect(answers == 101)
  }

  /// A thread that is forgotten is closed.
  @Test func releasingCloses() throws {
    let loop = try EventLoop()
    let closed = MongoClosedThreads(most: 1)
    for _ in 0..<20 {
      _ = try MongoThread(on: loop, closedThreads: closed) { () throws(MongoError) in throw MongoError(.client, "") }
      #expect(loop.serve(60_000_000) { (try? closed.requirePlace()) != nil })
    }
  }
}

/// A number that threads share.
private final class Counter: Sendable {
  private let number = Atomic<Int>(0)
  var value: Int { number.load(ordering: .acquiring) }
  func add() { number.add(1, ordering: .acquiringAndReleasing) }
}
