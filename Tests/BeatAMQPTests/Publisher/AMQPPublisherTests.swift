import BeatCore
import Testing

@testable import BeatAMQP

/// What the publisher does when all goes well, and when a server refuses, on virtual time.
@Suite struct AMQPPublisherTests {
  private func ids(_ count: Int, _ name: String = "m") -> [String] { (0..<count).map { "\(name)\($0)" } }

  @Test func deliversInOrder() {
    let bench = PublisherBench()
    bench.connect()
    #expect(bench.isReady)
    bench.publish(ids(200))
    #expect(bench.rabbit.queues["celery"] == ids(200))
    #expect(ids(200).allSatisfy { bench.outcome($0) == .delivered })
  }

  @Test func aMissingQueueHoldsItsLaneAlone() {
    let bench = PublisherBench()
    bench.connect()
    bench.publish([
      PublisherBench.item("a", .queue("gone")), PublisherBench.item("b", .queue("gone")), PublisherBench.item("c"),
    ])
    guard case .refused(let reason)? = bench.outcome("a") else { Issue.record("\(bench.outcomes)"); return }
    #expect(reason.contains("gone") && reason.contains("--broker-declare"))
    #expect(bench.outcome("b") == .tooSoon)
    #expect(bench.outcome("c") == .delivered)
    bench.rabbit.queues["gone"] = []
    bench.publish(["a", "b"], .queue("gone"))
    #expect(bench.rabbit.queues["gone"] == ["a", "b"])
  }

  @Test func aMissingExchangeIsAProblemBeforeAnythingIsSent() {
    let bench = PublisherBench()
    bench.rabbit.exchanges["there"] = ["k": ["celery"]]
    bench.connect()
    bench.publish([
      PublisherBench.item("a", .exchange("gone", routingKey: "k")),
      PublisherBench.item("b", .exchange("there", routingKey: "k")),
    ])
    #expect(bench.problems["a"]?.contains("gone") == true)
    #expect(bench.outcome("b") == .delivered)
    #expect(bench.count("b") == 1)
  }

  /// A right that is checked by routing key closes the channel: the other keys' messages are not on it then.
  @Test func aForbiddenRoutingKeyRepeatsNoOther() {
    let bench = PublisherBench()
    bench.rabbit.exchanges["x"] = ["good": ["celery"], "bad": ["celery"]]
    bench.rabbit.forbiddenKeys = ["bad"]
    bench.connect()
    let items = ids(6).enumerated().map {
      PublisherBench.item($1, .exchange("x", routingKey: $0 == 3 ? "bad" : "good"))
    }
    for _ in 0..<5 { bench.publish(items) }
    for (index, id) in ids(6).enumerated() where index != 3 { #expect(bench.count(id) == 1, "\(id)") }
    guard case .refused(let reason)? = bench.outcome("m3") else { Issue.record("\(bench.outcomes)"); return }
    #expect(reason.contains("write to x"))
  }

  @Test(arguments: [AMQPReplyCode.preconditionFailed, .frameError])
  func aPoisonedMessageIsFoundAndTheOthersAreNotRepeatedForEver(_ code: AMQPReplyCode) {
    let bench = PublisherBench()
    bench.connect()
    bench.publish(["proof"])
    bench.rabbit.poison["m5"] = code
    var left = ids(10)
    for _ in 0..<8 where !left.isEmpty {
      if !bench.isReady { bench.connect() }
      bench.publish(left)
      left.removeAll {
        switch bench.outcome($0) {
        case .delivered, .duplicate, .impossible: true
        default: false
        }
      }
    }
    #expect(left == [])
    guard case .impossible? = bench.outcome("m5") else { Issue.record("\(bench.outcomes)"); return }
    for id in ids(10) where id != "m5" { #expect(1...2 ~= bench.count(id), "\(id): \(bench.count(id))") }
  }

  @Test func aFullQueueIsRefusedAndAnExchangeIsUncertain() {
    let bench = PublisherBench()
    bench.rabbit.queues["full"] = []
    bench.rabbit.fullQueues = ["full"]
    bench.rabbit.exchanges["x"] = ["k": ["celery", "full"]]
    bench.connect()
    bench.publish([PublisherBench.item("a", .queue("full")), PublisherBench.item("b", .exchange("x", routingKey: "k"))])
    guard case .refused? = bench.outcome("a"), case .uncertain? = bench.outcome("b") else {
      Issue.record("\(bench.outcomes)")
      return
    }
  }

  /// Only the first message of a connection is on its way when the server says that it is blocked.
  @Test func aBlockedServerGetsOneMessageAndSaysSoOnce() {
    let bench = PublisherBench()
    bench.rabbit.isBlocked = true
    bench.connect()
    bench.publish(ids(50))
    #expect(bench.events.count == 1)
    #expect(bench.events.first?.contains("low on memory") == true)
    #expect(ids(50).dropFirst().allSatisfy { bench.outcome($0) == .notSent })
    bench.publish(Array(ids(50).dropFirst()))
    #expect(bench.outcome("m1") == .notSent)
    bench.rabbit.isBlocked = false
    bench.run()
    #expect(bench.events.last == "unblocked")
    bench.publish(Array(ids(50).dropFirst()))
    #expect(ids(50).allSatisfy { bench.outcome($0) == .delivered || bench.outcome($0) == nil })
  }

  @Test func aQueueThatDoesNotConfirmLetsTheOthersGoOn() {
    let bench = PublisherBench()
    bench.rabbit.queues["slow"] = []
    bench.connect()
    bench.publish(["proof"])
    bench.rabbit.silentQueues = ["slow"]
    bench.publish([
      PublisherBench.item("a", .queue("slow")), PublisherBench.item("b", .queue("slow")), PublisherBench.item("c"),
    ])
    #expect(bench.outcome("c") == .delivered)
    #expect(bench.outcome("a") == nil)
    bench.pass(12)
    guard case .uncertain(let reason)? = bench.outcome("a") else { Issue.record("\(bench.outcomes)"); return }
    #expect(reason.contains("slow"))
    // It is not sent again while its confirm may come.
    for _ in 0..<3 {
      bench.publish(["a"], .queue("slow"))
      bench.pass(12)
    }
    #expect(bench.count("a", in: "slow") == 1)
  }

  /// Nothing of its lane waits for a message that was given up: a suspect that waits would stop all others.
  @Test func behindAGivenUpMessageNothingWaits() {
    let bench = PublisherBench()
    bench.rabbit.queues["slow"] = []
    bench.rabbit.silentQueues = ["slow"]
    bench.connect()
    bench.publish(["a"], .queue("slow"))
    bench.pass(12)
    bench.publish(["a", "b"], .queue("slow"))
    // No confirm comes at all, so it is the server that does not serve.
    #expect(bench.outcome("a") == .notSent && bench.outcome("b") == .notSent)
    bench.rabbit.queues["other"] = []
    bench.publish(["c"], .queue("other"))
    bench.rabbit.silentQueues = ["slow", "other"]
    bench.publish([PublisherBench.item("d", .queue("other")), PublisherBench.item("a", .queue("slow"))])
    #expect(bench.outcome("a") == .tooSoon)
    // The confirm comes after all, and its lane goes on at once.
    bench.run { bench.rabbit.silentQueues = [] }
    #expect(bench.events == ["settled"])
    bench.publish(["a", "b"], .queue("slow"))
    #expect(bench.outcome("a") == .duplicate && bench.outcome("b") == .delivered)
    #expect(bench.rabbit.queues["slow"] == ["a", "b"])
  }

  /// The confirm has come while the process was stopped, and is read after the timers have gone off.
  @Test func aProcessThatWasStoppedDoubtsNothing() {
    let bench = PublisherBench()
    bench.connect()
    bench.rabbit.losesConfirms = true
    bench.publish(["a"])
    bench.surroundings.now = bench.surroundings.now.advanced(by: 60_000_000)
    bench.pass(1)
    #expect(bench.outcome("a") == nil)
    bench.pass(12)
    guard case .uncertain? = bench.outcome("a") else { Issue.record("\(bench.outcomes)"); return }
  }

  /// A server confirms nothing while it is blocked, and needs a moment afterwards.
  @Test func anAlarmDoesNotCount() {
    let bench = PublisherBench()
    bench.connect()
    bench.publish(["proof"])
    bench.rabbit.losesConfirms = true
    bench.publish(["a"])
    bench.pass(4)
    bench.rabbit.isBlocked = true
    bench.publish(["b"], .queue("other"))
    bench.pass(30)
    bench.rabbit.isBlocked = false
    bench.run()
    bench.pass(4)
    #expect(bench.outcome("a") == nil)
  }

  @Test func anItemThatIsThereTwiceIsSentOnce() {
    let bench = PublisherBench()
    bench.connect()
    bench.publish(["a", "b", "b", "a"])
    bench.publish(["a", "b", "b", "a"])
    #expect(bench.rabbit.queues["celery"] == ["a", "b"])
  }

  /// More exchanges than a connection has channels: the idle ones give theirs away, and nothing waits for a timer.
  @Test func manyExchangesShareTheChannels() {
    let bench = PublisherBench()
    bench.connect()
    bench.publish(["proof"])
    let names = (0..<400).map { "x\($0)" }
    for name in names { bench.rabbit.exchanges[name] = ["k": ["celery"]] }
    for _ in 0..<2 {
      for start in stride(from: 0, to: names.count, by: 128) {
        bench.publish(
          names[start..<min(start + 128, names.count)].map { PublisherBench.item($0, .exchange($0, routingKey: "k")) })
      }
    }
    #expect(names.filter { bench.count($0) != 1 } == [])
    #expect(bench.rabbit.openChannels <= 128)
  }

  @Test func looksThatAreNotAnsweredKeepNoChannel() {
    let bench = PublisherBench()
    bench.connect()
    bench.publish(["proof"])
    bench.rabbit.answersDeclares = false
    for number in 0..<5 {
      bench.rabbit.exchanges["x\(number)"] = ["k": ["celery"]]
      bench.publish(["m\(number)"], .exchange("x\(number)", routingKey: "k"))
      bench.pass(12)
      #expect(bench.outcome("m\(number)") == .delivered)
    }
    // That of the default exchange, and of each named one.
    #expect(bench.rabbit.openChannels == 6)
  }

  /// Also where it is the first message of a connection, or of a named exchange, which goes alone.
  @Test(arguments: [Route.queue("slow"), .exchange("x", routingKey: "slow")])
  func aFirstMessageWithoutAConfirmStopsNoOther(_ route: Route) {
    let bench = PublisherBench()
    bench.rabbit.queues["slow"] = []
    bench.rabbit.exchanges["x"] = ["slow": ["slow"], "k": ["celery"]]
    bench.rabbit.silentQueues = ["slow"]
    bench.connect()
    bench.publish([PublisherBench.item("a", route)])
    bench.pass(12)
    bench.publish([PublisherBench.item("b"), PublisherBench.item("c", .exchange("x", routingKey: "k"))])
    #expect(bench.outcome("b") == .delivered && bench.outcome("c") == .delivered, "\(bench.outcomes)")
    #expect(bench.count("a", in: "slow") == 1)
  }

  @Test func whatWasConfirmedIsNotSentAgainOverConnections() {
    let bench = PublisherBench()
    bench.connect()
    bench.publish(["a"])
    bench.publish(["a"])
    #expect(bench.outcome("a") == .duplicate)
    bench.rabbit.cut()
    bench.run()
    #expect(bench.loss != nil)
    bench.connect()
    bench.publish(["a"])
    #expect(bench.outcome("a") == .duplicate)
    #expect(bench.count("a") == 1)
    bench.publisher.forgotten(PublisherBench.item("a"))
    bench.publish(["a"])
    #expect(bench.outcome("a") == .duplicate)
  }

  @Test func aConnectionThatDiesLeavesUnknownWhatWasOnItsWay() {
    let bench = PublisherBench()
    bench.connect()
    bench.publish(["proof"])
    bench.rabbit.losesConfirms = true
    bench.publish(ids(5))
    bench.rabbit.cut()
    bench.run()
    #expect(ids(5).allSatisfy { bench.outcome($0) == .unknown })
    #expect(bench.loss != nil)
  }

  @Test func queuesAreDeclaredOnlyWhereAskedAndOnlyIfTheyAreNotThere() {
    let silent = PublisherBench()
    silent.connect()
    silent.publish(["a"], .queue("new"))
    #expect(silent.rabbit.declared == [])
    let bench = PublisherBench(declaring: .always(.classic(maxPriority: 9)))
    bench.connect()
    bench.publish([PublisherBench.item("a", .queue("new")), PublisherBench.item("b")])
    #expect(bench.outcome("a") == .delivered)
    #expect(bench.rabbit.declared.map(\.name.text) == ["new"])
    #expect(bench.rabbit.declared.first?.arguments == ["x-max-priority": .integer(9)])
    // One that is deleted later is declared again.
    bench.rabbit.queues["new"] = nil
    bench.publish(["c"], .queue("new"))
    bench.publish(["c"], .queue("new"))
    #expect(bench.outcome("c") == .delivered)
  }

  @Test func queuesAreDeclaredAsTheApplicationDoes() throws {
    func manifest(_ more: String) throws -> ApplicationManifest {
      try ApplicationManifest(
        Array(#"{"version": 1, "tasks": {}\#(more)}"#.utf8),
        context: DocumentContext(defaultZone: .utc) { name throws(ZoneError) in
          throw ZoneError(zone: name, message: "no zone is asked for")
        })
    }
    let bench = PublisherBench(declaring: .application)
    bench.connect()
    for application in [nil, try manifest(""), try manifest(#", "queue_declaration": "lazy""#)] {
      bench.run { bench.publisher.follow(application) }
      bench.publish(["a"], .queue("new"))
      #expect(bench.rabbit.declared == [])
    }
    let quorum = try manifest(#", "queue_declaration": "quorum""#)
    bench.run { bench.publisher.follow(quorum) }
    bench.publish(["a"], .queue("new"))
    #expect(bench.outcome("a") == .delivered)
    #expect(bench.rabbit.declared.first?.arguments == ["x-queue-type": .text("quorum")])
  }

  @Test func severalServersAreTriedInOneRound() {
    let bench = PublisherBench(servers: 3)
    bench.rabbit.isRunning = false
    bench.connect()
    #expect(bench.rabbit.dials == 3)
    #expect(bench.loss?.contains("none of 3 brokers") == true)
    bench.rabbit.isRunning = true
    bench.connect()
    #expect(bench.isReady)
  }

  @Test func aWrongPasswordIsSaidWithoutThePassword() {
    let bench = PublisherBench(password: "hunter2-secret")
    bench.connect()
    #expect(bench.loss?.contains("403") == true)
    #expect(bench.loss?.contains("hunter2") == false)
  }

  @Test func silenceEndsTheConnection() {
    let bench = PublisherBench()
    bench.connect()
    bench.pass(60)
    #expect(bench.isReady)
    bench.rabbit.sendsHeartbeats = false
    bench.pass(60)
    #expect(bench.loss?.contains("silent") == true)
  }

  @Test func aRehearsalLeavesNothingBehind() {
    for isBlocked in [false, true] {
      let bench = PublisherBench()
      bench.rabbit.isBlocked = isBlocked
      var answer: String??
      bench.run { bench.publisher.rehearse { answer = .some($0) } }
      #expect(answer == .some(nil))
      #expect(bench.rabbit.queues == ["celery": []])
    }
    let bench = PublisherBench()
    bench.rabbit.isRunning = false
    var answer: String??
    bench.run { bench.publisher.rehearse { answer = .some($0) } }
    #expect((answer ?? nil)?.isEmpty == false)
  }
}

/// What the publisher does where the daemon no longer leads.
@Suite struct AMQPLeaderTests {
  /// A process that was stopped goes on with messages that wait for their turn; another daemon may have sent them.
  @Test func nothingIsSentByADaemonThatDoesNotLead() {
    let bench = PublisherBench()
    bench.connect()
    bench.rabbit.losesConfirms = true
    bench.publish(["a", "b"])
    bench.leads = false
    bench.rabbit.losesConfirms = false
    bench.publish(["c"], .queue("other"))
    bench.pass(12)
    #expect(bench.rabbit.queues["celery"] == ["a"])
    #expect(bench.outcome("b") == .tooSoon || bench.outcome("b") == .notSent)
    #expect(bench.outcome("c") == .tooSoon || bench.outcome("c") == .notSent)
  }
}

/// The confirms of one channel.
@Suite struct ConfirmLedgerTests {
  @Test func oneThatIsNeverAnsweredKeepsNoOthers() {
    var ledger = ConfirmLedger<Int>()
    for number in 0..<10_000 {
      ledger.sent(number, id: "x")
      if number > 0 {
        #expect(ledger.answer(UInt64(number) + 1, isMultiple: false, isAccepted: true).map(\.message) == [number])
      }
    }
    #expect(ledger.count == 1)
    #expect(ledger.abandon() == [0])
  }

  @Test func manyAtOnceAreAnsweredInTheirOrder() {
    var ledger = ConfirmLedger<Int>()
    for number in 1...6 { ledger.sent(number, id: AMQPShortString(cutting: "\(number)")) }
    ledger.returned(id: "2", AMQPRefusal(.noRoute, "NO_ROUTE"))
    #expect(ledger.answer(3, isMultiple: false, isAccepted: false).map(\.answer) == [.rejected])
    let answers = ledger.answer(4, isMultiple: true, isAccepted: true)
    #expect(answers.map(\.message) == [1, 2, 4])
    #expect(answers[1].answer == .returned(AMQPRefusal(.noRoute, "NO_ROUTE")))
    #expect(ledger.answer(9, isMultiple: false, isAccepted: true).isEmpty)
    #expect(ledger.answer(0, isMultiple: true, isAccepted: true).map(\.message) == [5, 6])
  }
}
