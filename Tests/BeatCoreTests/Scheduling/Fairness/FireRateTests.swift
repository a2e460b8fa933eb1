import Testing

@testable import BeatCore

@Suite struct FireRateTests {
  /// Each second after the first has no more fires than the rate, and no run is lost by that.
  @Test(arguments: [1, 7, 100, 333]) func aSecondHoldsNoMore(perSecond: Int) {
    var server = BusyServer(capacity: 1_000) { $0.maximumRate = perSecond }
    server.load(
      (0..<20).map {
        (
          EntryName("a\($0)"),
          Sample.document(#""catchup": "all""#, interval: #"{"every": 50, "period": "milliseconds"}"#), .fired(0)
        )
      })
    server.run(20)
    var seconds = Array(repeating: 0, count: 21)
    for run in server.sent { seconds[Int(run.at.microseconds(since: Sample.noon) / 1_000_000)] += 1 }
    // The bucket is full at first; a script takes a millisecond.
    for count in 1...20 { #expect(seconds.prefix(count).reduce(0, +) <= (count + 1) * perSecond + 1, "\(seconds)") }
    #expect(server.sent.count >= 20 * perSecond)
    #expect(server.sent.count <= 21 * perSecond)
    for number in 0..<20 {
      let dues = server.sent(of: EntryName("a\(number)")).map(\.due)
      #expect(zip(dues, dues.dropFirst()).allSatisfy { $1.microseconds(since: $0) == 50_000 })
    }
    // The scheduler waits for the time at which it may fire again, and does not spin.
    #expect(server.turns < 5 * server.sent.count + 100)
  }

  @Test func whatIsOnTimeGoesFirst() {
    var server = BusyServer(capacity: 1_000) { $0.maximumRate = 20 }
    let victim = EntryName("victim")
    server.load(
      (0..<300).map {
        (EntryName("a\($0)"), Sample.document(interval: #"{"every": 10, "period": "milliseconds"}"#), .fired(-1))
      }
        + [(victim, Sample.document(interval: #"{"every": 1, "period": "seconds"}"#), .seen(-0.5))])
    server.run(30)
    let sent = server.sent(of: victim)
    #expect(sent.count == 30)
    #expect(sent.allSatisfy { $0.late < 150_000 })
  }

  @Test func aClockThatGoesBackGivesNothing() {
    var rate = FireRate(perSecond: 2)
    func next(_ seconds: Double) -> UnixTime { rate.next(from: at(seconds)) }
    #expect(next(0) == at(0))
    rate.take()
    rate.take()
    #expect(next(0) == at(0.5))
    #expect(next(-100) == at(-99.5))
    #expect(next(-99.5) == at(-99.5))
    rate.take()
    // A long pause fills the bucket with a second's worth at most.
    #expect(next(1_000) == at(1_000))
    rate.take()
    rate.take()
    #expect(next(1_000) == at(1_000.5))
  }
}

@Suite struct BusiestSchedulesTests {
  @Test func thoseWithLargePartsAreNamed() throws {
    var busiest = BusiestSchedules()
    var random = SeededChance(seed: 3)
    // Two schedules have a half of the fires, a thousand others the rest.
    for number in 0..<60_000 {
      let handle = number % 4 == 0 ? 5_000 : number % 4 == 1 ? 5_001 : random.number(0...999)
      busiest.count(handle, at: at(Double(number) / 1_000))
    }
    let found = busiest.census(at: at(61))
    let census = try #require(found)
    #expect(census.total == 60_000)
    #expect(census.shares.map(\.handle).sorted() == [5_000, 5_001])
    #expect(census.shares.allSatisfy { (10_000...15_000).contains($0.count) })
  }

  @Test func noneIsNamedWhereAllAreAlike() {
    var busiest = BusiestSchedules()
    for number in 0..<50_000 { busiest.count(number % 5_000, at: at(Double(number) / 1_000)) }
    let census = busiest.census(at: at(50))
    #expect(census?.shares.isEmpty == true)
  }

  @Test func aMinuteIsForgottenAfterTheNext() {
    var busiest = BusiestSchedules()
    for number in 0..<100 { busiest.count(1, at: at(Double(number) / 10)) }
    let first = busiest.census(at: at(10))
    #expect(first?.total == 100)
    busiest.count(2, at: at(61))
    let second = busiest.census(at: at(62))
    #expect(second?.shares.map(\.handle) == [1])
    busiest.forget(1)
    let third = busiest.census(at: at(62))
    #expect(third?.shares.isEmpty == true)
    let last = busiest.census(at: at(300))
    #expect(last?.total != 100)
  }
}

@Suite struct CongestionTests {
  private let ten = #"{"every": 10, "period": "milliseconds"}"#

  @Test func whoTakesMostIsNamedWhileSomeAreBehind() throws {
    var server = BusyServer(capacity: 100)
    server.load((0..<4).map { (EntryName("a\($0)"), Sample.document(interval: ten), .fired(0)) })
    server.run(2)
    #expect(server.congestion == nil)
    server.run(60)
    let congestion = try #require(server.congestion)
    #expect((1...4).contains(congestion.behind) && !congestion.isLimited)
    #expect((5_800...6_100).contains(congestion.perMinute))
    #expect(Set(congestion.busiest.map(\.schedule)) == Set((0..<4).map { EntryName("a\($0)") }))
    #expect(congestion.busiest.allSatisfy { (24...26).contains($0.percent) && (1_400...1_600).contains($0.perMinute) })
    // Each of them is deleted.
    for number in 0..<4 {
      server.receive(.read(EntryName("a\(number)"), Scheduler.DocumentRead(.absent, watermark: nil)))
    }
    server.run(1)
    #expect(server.congestion == nil)
  }

  @Test func itIsReadAsItIsWritten() throws {
    var record = DaemonRecord(
      version: "1", host: "h", processID: 1, since: Sample.noon, isLeading: true, events: "keyspace",
      delivery: "direct",
      schedules: 1, rejected: 0, repaired: 0, timezone: "UTC", broker: "redis://h")
    record.firing = FiringReport()
    record.firing?.congestion = Congestion(
      behind: 3, since: at(-7), isLimited: true, perMinute: 12_345,
      busiest: [Congestion.Share(schedule: EntryName("a \"b\""), perMinute: 9_000, percent: 72)])
    #expect(try #require(DaemonRecord(record.bytes)) == record)
    record.firing?.congestion?.since = nil
    #expect(try #require(DaemonRecord(record.bytes)) == record)
  }
}

@Suite struct ShortestIntervalTests {
  private func problem(_ fields: String, _ seconds: Int64) -> String? {
    var context = Sample.context
    context.shortestInterval = seconds * 1_000_000
    do throws(DocumentProblem) {
      _ = try ScheduleDocument(Array(Sample.document(fields, interval: nil).utf8), context: context)
      return nil
    } catch { return error.description }
  }

  @Test(
    arguments: [
      (
        #""interval": {"every": 59, "period": "seconds"}"#, "59 seconds is too short; the shortest interval is 1 minute"
      ),
      (#""interval": {"every": 60, "period": "seconds"}"#, nil),
      (#""crontab": {"minute": "*"}"#, nil),
      (
        #""interval": {"every": 1500, "period": "milliseconds", "align": true}"#,
        "1500 milliseconds is too short; the shortest interval is 1 minute"
      ),
    ] as [(String, String?)]) func aMinute(_ fields: String, _ expected: String?)
  {
    let problem = problem(fields, 60)
    #expect(expected.map { problem?.contains($0) == true } ?? (problem == nil), "\(problem ?? "")")
  }

  @Test(
    arguments: [
      (
        #""crontab": {"minute": "*"}"#,
        "1 minute from one run to the next is too short; the shortest interval is 90 seconds"
      ),
      (
        #""schedule": {"minute": "0,1"}"#,
        "1 minute from one run to the next is too short; the shortest interval is 90 seconds"
      ),
      (#""crontab": {"minute": "*/2"}"#, nil),
      // Each time, the part beyond whole minutes is cut off.
      (
        #""interval": {"every": 100, "period": "seconds", "relative": true}"#,
        "1 minute from one run to the next is too short; the shortest interval is 90 seconds"
      ),
      (#""clocked": {"clocked_time": "2030-01-01T00:00:00Z"}"#, nil),
    ] as [(String, String?)]) func aMinuteAndAHalf(_ fields: String, _ expected: String?)
  {
    let problem = problem(fields, 90)
    #expect(expected.map { problem?.contains($0) == true } ?? (problem == nil), "\(problem ?? "")")
  }
}
