import Testing

@testable import BeatCore

/// A schedule that is due each second keeps its second beside others that take the whole capacity.
@Suite("Fairness: a schedule that keeps its pace is never behind those that do not") struct FairnessTests {
  private let victim = EntryName("victim")
  private static let second = #"{"every": 1, "period": "seconds"}"#
  private static let shortest = #"{"every": 10, "period": "milliseconds"}"#

  /// - Parameter phase: seconds after noon at which it is due first.
  private func victim(phase: Double) -> (EntryName, String, Watermark?) {
    (victim, Sample.document(interval: Self.second), .seen(phase - 1))
  }

  private func others(
    _ count: Int, _ interval: String, _ watermark: Watermark, _ fields: String = ""
  ) -> [(EntryName, String, Watermark?)] {
    (0..<count).map { (EntryName("other-\($0)"), Sample.document(fields, interval: interval), watermark) }
  }

  private func isOther(_ name: EntryName) -> Bool { name != victim }

  /// - Parameter runs: the number of seconds, each of which must have its run.
  private func expectPace(_ server: BusyServer, runs: Int, within late: Int64 = 100_000, _ comment: Comment? = nil) {
    let sent = server.sent(of: victim)
    #expect(sent.count == runs, comment)
    #expect(zip(sent, sent.dropFirst()).allSatisfy { $1.due.microseconds(since: $0.due) == 1_000_000 }, comment)
    let lates = sent.map(\.late).sorted()
    #expect((lates.last ?? .max) < late, comment)
  }

  @Test func besideThoseThatCatchUpOnAllSince2000() {
    var server = BusyServer(capacity: 1_000)
    let others = others(300, Self.shortest, .fired(-820_000_000), #""catchup": "all""#)
    server.load(others + [victim(phase: 0.5)])
    server.run(60)
    expectPace(server, runs: 60)
    let counts = server.counts(where: isOther)
    #expect(counts.count == 300)
    #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 2, "each has its share")
    #expect(server.sent.count > 59_000, "nothing is left idle")
  }

  @Test func besideMoreThanCanBeSent() {
    var server = BusyServer(capacity: 1_000)
    server.load(others(200, Self.shortest, .fired(-0.005)) + [victim(phase: 0.5)])
    server.run(60)
    expectPace(server, runs: 60)
  }

  @Test(arguments: [1_000, 600, 400] as [Int64]) func besideManyOfTheSamePaceAtAnotherPhase(capacity: Int64) {
    var server = BusyServer(capacity: capacity)
    server.load(others(800, Self.second, .fired(-1)) + [victim(phase: 0.5)])
    server.run(30)
    expectPace(server, runs: 30, "capacity \(capacity)")
  }

  @Test func besideEditsThatAreDueAtOnceWithoutEnd() {
    var server = BusyServer(capacity: 1_000)
    server.load([victim(phase: 0.5)])
    var number = 0
    server.run(30, every: 500) { server in
      number += 1
      server.edit(
        EntryName("other-\(number % 100)"),
        Sample.document(#""run_immediately": true, "args": [\#(number)]"#, interval: Self.second))
    }
    // The scripts that are on their way take 16 ms here, and a schedule waits up to 50 ms with others that are due at
    // once.
    expectPace(server, runs: 30, within: 150_000)
  }

  /// A new time that has passed is due before all others.
  @Test func besideEditsToTimesThatHavePassed() {
    var server = BusyServer(capacity: 1_000)
    server.load([victim(phase: 0.5)])
    var number = 0
    server.run(30, every: 500) { server in
      number += 1
      server.edit(
        EntryName("other-\(number)"),
        #"{"name": "a", "task": "t", "enabled": true, "clocked": {"clocked_time": "2000-03-02T12:00:00Z"}}"#)
    }
    expectPace(server, runs: 30)
  }

  /// Schedules that keep their pace may take three of four places. The last one stays for those that are behind.
  @Test func whatIsBehindHasItsShareBesideThoseThatTakeAll() {
    var server = BusyServer(capacity: 1_000)
    let late = EntryName("late")
    server.load(
      others(100, Self.shortest, .fired(0)) + [
        (late, Sample.document(#""catchup": "all""#, interval: Self.second), .fired(-500))
      ])
    server.run(60)
    #expect(server.sent(of: late).count == 559)
    #expect(server.sent(of: late).map(\.due) == server.sent(of: late).map(\.due).sorted())
  }

  /// After an outage all schedules are late, and the others want more than can be sent: a schedule that runs seldom
  /// catches up on what it missed, and is on time again.
  @Test func afterAnOutageWhatRunsSeldomIsOnTimeAgain() {
    var server = BusyServer(capacity: 1_000)
    server.load(
      others(1_500, Self.shortest, .fired(-8)) + [(victim, Sample.document(interval: Self.second), .seen(-8.5))])
    server.run(30)
    let sent = server.sent(of: victim)
    #expect(sent.map(\.due) == (0..<38).map { at(Double($0) - 7.5) })
    #expect(sent.filter { $0.due >= at(3) }.allSatisfy { $0.late < 100_000 })
  }

  /// Many schedules that missed some runs catch up side by side. If they did it one after the other, the last ones'
  /// runs would be more than ten seconds late by then, and be left out.
  @Test func afterAnOutageManyMakeUpForWhatTheyMissed() {
    var server = BusyServer(capacity: 1_000)
    server.load(others(500, Self.second, .fired(-9)))
    server.run(20)
    #expect(server.skipped.isEmpty)
    for number in 0..<500 {
      let dues = server.sent(of: EntryName("other-\(number)")).map(\.due)
      #expect(dues == (0..<28).map { at(Double($0) - 8) }, "other-\(number)")
    }
  }

  /// However many schedules catch up on runs of years, one that runs as seldom and missed a few is on time again.
  @Test func afterAnOutageBesideManyThatRunAsSeldom() {
    var server = BusyServer(capacity: 1_000)
    let others = others(1_500, Self.second, .fired(-820_000_000), #""catchup": "all""#)
    server.load(others + [(victim, Sample.document(interval: Self.second), .seen(-8.5))])
    server.run(30)
    #expect(server.sent(of: victim).filter { $0.due >= at(3) }.allSatisfy { $0.late < 100_000 })
    #expect(server.sent(of: victim).count == 38)
  }

  /// There are more new schedules of the same pace than can be sent, and nothing is done when they come due: the
  /// schedule is late once, and on time again afterwards.
  @Test func besideManyNewOnesOfTheSamePace() {
    var server = BusyServer(capacity: 1_000)
    server.load([victim(phase: 0.5)])
    server.run(3)
    for (name, document, _) in others(3_000, Self.second, .fired(0)) { server.edit(name, document) }
    // The new schedules are due a second after they were made.
    server.run(0.9)
    server.stall(0.8)
    server.run(25.3)
    let sent = server.sent(of: victim)
    #expect(sent.count == 30)
    #expect(sent.filter { $0.late >= 100_000 }.count <= 2)
    #expect(sent.allSatisfy { $0.late < 300_000 })
  }

  /// With an outbox messages leave only as fast as the relay delivers them: here 1,000 a second, where the store would
  /// take 10,000.
  @Test func besideThoseThatCatchUpByTheOutbox() {
    var server = BusyServer(capacity: 10_000)
    server.load(others(300, Self.shortest, .fired(-820_000_000), #""catchup": "all""#) + [victim(phase: 0.5)])
    var (relayed, longest) = (0, 0)
    server.run(30, every: 10_000) { server in
      longest = max(longest, server.sent.count - relayed)
      relayed += min(10, server.sent.count - relayed)
      server.receive(.relayed(waiting: server.sent.count - relayed))
    }
    expectPace(server, runs: 30)
    // The messages that came before the relay's first report do not count.
    #expect(longest <= Limit.outboxBacklog.most + 100)
    #expect(relayed > 29_000, "nothing is left idle")
  }

  /// A schedule that missed a few runs does not wait for the outbox to become short. Its runs would be left out when
  /// they are ten seconds late.
  @Test func whatIsBehindByAFewRunsGoesIntoALongOutbox() {
    var server = BusyServer(capacity: 1_000)
    server.load(others(100, Self.second, .fired(-9)))
    server.receive(.relayed(waiting: 50_000))
    server.run(5)
    #expect(server.skipped.isEmpty)
    #expect(server.counts(where: isOther) == Array(repeating: 13, count: 100))
  }

  /// Long messages take the relay longer, so their bytes are counted.
  @Test func longMessagesThatAreBehindWaitForTheBroker() {
    var server = BusyServer(capacity: 1_000)
    let text = String(repeating: "x", count: 500_000)
    server.load(others(20, Self.shortest, .fired(-10), #""args": ["\#(text)"]"#))
    server.receive(.relayed(waiting: 0))
    server.run(1)
    // Each message has 500 kB. Those on their way count, too, and the ninth passes the 4 MiB.
    #expect((1...9).contains(server.sent.count))
  }

  /// While the broker is lost, what is due goes into the outbox, and does not wait for the broker's return.
  @Test func whatIsBehindGoesIntoTheOutboxOfALostBroker() {
    var server = BusyServer(capacity: 10_000)
    server.load(others(300, Self.shortest, .fired(-10)))
    server.receive(.relayed(waiting: Limit.outboxBacklog.most))
    server.run(1)
    let held = server.sent.count
    server.run(1)
    #expect(server.sent.count == held)
    server.receive(.relayed(waiting: nil))
    server.run(1)
    #expect(server.sent.count > held + 9_000)
  }

  @Test func catchingUpIsCompleteAndInOrder() {
    var server = BusyServer(capacity: 1_000)
    server.load(others(20, Self.second, .fired(-100), #""catchup": "all""#) + [victim(phase: 0.5)])
    server.run(10)
    expectPace(server, runs: 10)
    for number in 0..<20 {
      let dues = server.sent(of: EntryName("other-\(number)")).map(\.due)
      #expect(dues == (0..<109).map { at(Double($0) - 99) }, "other-\(number)")
    }
    #expect(server.skipped.isEmpty)
  }

  /// A daemon that begins to lead, or was frozen, finds many late schedules: it fires the oldest first.
  @Test func whatHasGrownOldGoesInItsOrder() {
    var server = BusyServer(capacity: 1_000)
    server.load(
      (0..<50).map {
        (
          EntryName("other-\($0)"), Sample.document(interval: #"{"every": 1, "period": "hours"}"#),
          .fired(-3_600 - Double($0 + 1) / 10)
        )
      })
    server.receive(.timerFired)
    server.run(1)
    #expect(server.sent.map(\.due) == (0..<50).map { at(-Double(50 - $0) / 10) })
  }

  /// A schedule that comes due gets a place at once, however many are behind.
  @Test func placesAreKeptForWhatIsOnTime() {
    var server = BusyServer(capacity: 10)
    server.load(others(100, Self.shortest, .fired(-100)) + [victim(phase: 0.5)])
    server.run(0.45)
    let before = server.scheduler.inFlight
    #expect(before < 16)
    server.run(0.06)
    #expect(server.scheduler.entries.handle(of: victim).flatMap { server.scheduler.entries[$0] }?.isFiring == true)
  }

  /// After any events a schedule that waits has one place, and one that does not wait has none.
  @Test(arguments: 1...20) func eachThatWaitsHasOnePlace(seed: UInt64) {
    var random = SeededChance(seed: seed)
    var server = BusyServer(capacity: 200)
    server.load(others(30, Self.shortest, .fired(-20)))
    for _ in 0..<200 {
      let name = EntryName("other-\(random.number(0...40))")
      switch random.number(0...6) {
      case 0: server.receive(.read(name, Scheduler.DocumentRead(.absent, watermark: nil)))
      case 1: server.edit(name, Sample.document(#""enabled": false"#, interval: Self.second), .fired(-1))
      case 2: server.edit(name, Sample.document(#""run_immediately": true"#, interval: Self.shortest), .fired(-1))
      case 3: server.edit(name, "{")
      case 4: server.receive(.clockStepped(by: Int64(random.number(-2...2)) * 1_000_000))
      case 5: server.receive(.leadershipChanged(random.number(0...3) > 0))
      default: server.edit(name, Sample.document(#""catchup": "all""#, interval: Self.shortest), .fired(-30))
      }
      server.run(0.01 * Double(random.number(0...10)))
      #expect(server.scheduler.placesHold)
    }
  }

  /// While answers bring the next fires no timer goes off, and without an answer the scheduler does not spin either.
  @Test func nothingSpins() {
    var server = BusyServer(capacity: 100)
    server.load(others(100, Self.shortest, .fired(-100)))
    server.run(10)
    #expect(server.sent.count > 980)
    #expect(server.turns < 4_000)
  }

  @Test func whatIsDeletedOrDisabledWhileItIsBehindIsNotSent() {
    var server = BusyServer(capacity: 100)
    server.load(others(40, Self.shortest, .fired(-100)))
    server.run(1)
    for number in 0..<10 {
      let name = EntryName("other-\(number)")
      server.receive(.read(name, Scheduler.DocumentRead(.absent, watermark: nil)))
      server.edit(
        EntryName("other-\(number + 10)"), Sample.document(#""enabled": false"#, interval: Self.shortest), .fired(-1))
    }
    // A new schedule takes a place that has become free.
    server.edit(EntryName("new"), Sample.document(interval: Self.second))
    let count = server.sent.count + server.scheduler.inFlight
    server.run(3)
    let names = Set(server.sent.dropFirst(count).map(\.name))
    #expect(names == Set((20..<40).map { EntryName("other-\($0)") } + [EntryName("new")]))
  }
}
