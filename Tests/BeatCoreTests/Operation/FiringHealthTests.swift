import Testing

@testable import BeatCore

/// Whether an installation fires: judged by what was fired, not by who holds the lease.
@Suite struct FiringHealthTests {
  private let now = UnixTime(seconds: 1_800_000_000)
  private func ago(_ seconds: Int64) -> UnixTime { now.advanced(by: -seconds * 1_000_000) }

  private func record(leads: Bool = true, _ change: (inout FiringReport) -> Void = { _ in }) -> DaemonRecord {
    var record = DaemonRecord(
      version: "1", host: "web1", processID: 7, since: ago(1000), isLeading: leads, events: "keyspace",
      delivery: "direct", schedules: 1, rejected: 0, repaired: 0, timezone: "UTC", broker: "redis://localhost:6379/0")
    var report = FiringReport()
    change(&report)
    record.firing = report
    return record
  }

  private func fleet(
    _ record: DaemonRecord?, silence: Int64? = 100_000, holdsLease: Bool = true, lease remaining: Int64? = 4000
  ) -> Fleet {
    Fleet(
      members: [Fleet.Member(instance: "a", record: record, silence: silence, holdsLease: holdsLease)],
      lease: remaining.map { Fleet.Lease(token: "a:1", remaining: $0) }, epoch: 1)
  }

  @Test func firesWhereNothingStandsAgainstIt() {
    let health = FiringHealth(fleet(record { $0.fired = ago(3) }), now: now)
    #expect(health.verdict == .fires && health.fires && health.lastFire == ago(3) && health.isTold)
    // No schedule was due yet.
    #expect(FiringHealth(fleet(record()), now: now).verdict == .fires)
  }

  @Test func aLeaderThatIsRefusedFiresNothing() {
    let refused = FiringReport.Obstacle(reason: "no LPUSH", since: ago(40), count: 1, schedule: EntryName("a"))
    let stuck = FiringHealth(fleet(record { $0.refused = refused }), now: now)
    #expect(stuck.verdict == .stuck(.refused(refused)) && !stuck.fires)
    // A fire before the refusals began does not count; one since then does.
    let before = record {
      $0.refused = refused
      $0.fired = ago(41)
    }
    #expect(!FiringHealth(fleet(before), now: now).fires)
    let since = record {
      $0.refused = refused
      $0.fired = ago(1)
    }
    #expect(FiringHealth(fleet(since), now: now).verdict == .hindered(.refused(refused)))
    // A refusal of a moment ago is no alarm.
    let young = FiringReport.Obstacle(reason: "no LPUSH", since: ago(1), count: 1)
    #expect(FiringHealth(fleet(record { $0.refused = young }), now: now).fires)
  }

  @Test func aLostBrokerDeliversNothing() {
    let lost = FiringReport.Obstacle(reason: "refused", since: ago(40), count: 31)
    let report = record {
      $0.brokerLost = lost
      // The fire went into the outbox.
      $0.fired = ago(1)
    }
    #expect(FiringHealth(fleet(report), now: now).verdict == .stuck(.brokerLost(lost)))
    let held = FiringReport.Obstacle(reason: "no list", since: ago(40))
    #expect(FiringHealth(fleet(record { $0.deferral = held }), now: now).verdict == .hindered(.deferral(held)))
    // Nothing else arrives either.
    let total = FiringReport.Obstacle(reason: "no queue", since: ago(40), isTotal: true)
    #expect(FiringHealth(fleet(record { $0.deferral = total }), now: now).verdict == .stuck(.deferral(total)))
    let young = FiringReport.Obstacle(reason: "no queue", since: ago(4), isTotal: true)
    #expect(FiringHealth(fleet(record { $0.deferral = young }), now: now).verdict == .hindered(.deferral(young)))
  }

  /// A daemon that cannot write its record, or of an earlier version, is judged by what is overdue.
  @Test func whatIsOverdueTellsWhereTheDaemonDoesNot() {
    let overdue = FiringHealth.Overdue(count: 2, first: EntryName("a"), since: ago(40))
    var silent = record()
    silent.firing = nil
    for record in [silent, record(), nil] {
      #expect(FiringHealth(fleet(record), overdue: overdue, now: now).verdict == .stuck(.overdue(overdue)))
      #expect(FiringHealth(fleet(record), overdue: overdue, lastRun: ago(1), now: now).fires)
    }
    let congested = record {
      $0.congestion = Congestion(behind: 2, since: ago(40), isLimited: false, perMinute: 1, busiest: [])
    }
    #expect(FiringHealth(fleet(congested), overdue: overdue, now: now).verdict == .stuck(.congested(overdue)))
    // With a daemon of an earlier version and nothing overdue the state is not known, which is no alarm.
    let unknown = FiringHealth(fleet(silent), now: now)
    #expect(unknown.verdict == .fires && !unknown.isTold && unknown.lastFire == nil)
    // A burst or a take-over may be behind for a moment.
    let young = FiringHealth.Overdue(count: 2, first: EntryName("a"), since: ago(4))
    #expect(FiringHealth(fleet(record()), overdue: young, now: now).verdict == .fires)
  }

  @Test func whoIsFrozenDoesNotFire() {
    let frozen = FiringHealth(fleet(record { $0.fired = ago(7) }, silence: 6_000_000, lease: 50_000), now: now)
    #expect(frozen.verdict == .nobody(.silent(place: "web1, process 7", silence: 6_000_000, others: 0)))
    #expect(
      FiringHealth(fleet(record(), silence: nil), now: now).verdict == .nobody(.deadLeader(token: "a:1", isAlone: true))
    )
  }

  @Test func whyNobodyFires() {
    #expect(FiringHealth(Fleet(members: [], lease: nil, epoch: nil), now: now).verdict == .nobody(.noDaemon))
    let standby = record(leads: false)
    #expect(
      FiringHealth(fleet(standby, holdsLease: false, lease: nil), now: now).verdict == .nobody(.noLease(alive: 1)))
    let unable = record(leads: false) { $0.unable = "no LPUSH" }
    #expect(
      FiringHealth(fleet(unable, holdsLease: false, lease: nil), now: now).verdict
        == .nobody(.unable(place: "web1, process 7", reason: "no LPUSH")))
    var loading = standby
    loading.isLoading = true
    #expect(DaemonRecord(loading.bytes) == loading && DaemonRecord(standby.bytes)?.isLoading == false)
    #expect(
      FiringHealth(fleet(loading, holdsLease: false, lease: nil), now: now).verdict
        == .nobody(.loading(place: "web1, process 7")))
    #expect(FiringHealth(fleet(standby, holdsLease: false, lease: -1), now: now).verdict == .nobody(.foreignLease))
    #expect(
      FiringHealth(fleet(standby, holdsLease: false, lease: 3000), now: now).verdict
        == .nobody(.deadLease(remaining: 3_000_000)))
  }

  /// No daemon has a record: the connections decide what is said.
  @Test func whoSaysNothingIsNotDenied() {
    let lease = Fleet.Lease(token: "a:1", remaining: 3000)
    func absence(_ trace: Fleet.Trace, _ lease: Fleet.Lease? = nil) -> FiringHealth.Verdict {
      FiringHealth(Fleet(members: [], lease: lease, epoch: nil, trace: trace), now: now).verdict
    }
    #expect(absence(.unknown) == .nobody(.noReport))
    #expect(absence(.connected("h:1")) == .nobody(.speechless(place: "h:1")))
    #expect(absence(.connected("h:1"), lease) == .nobody(.speechless(place: "h:1")))
    #expect(absence(.unknown, lease) == .nobody(.deadLeader(token: "a:1", isAlone: false)))
    #expect(absence(.none, lease) == .nobody(.deadLeader(token: "a:1", isAlone: true)))
  }

  // MARK: the ledger

  @Test func theLedgerKnowsWhatIsMissing() {
    var ledger = FireLedger()
    ledger.take(.limited(reason: "no XADD"))
    #expect(ledger.report.lacks == "no XADD" && ledger.report.unable == nil)
    ledger.take(.unable(reason: "no LPUSH"))
    #expect(ledger.report.lacks == nil && ledger.report.unable == "no LPUSH")
    ledger.take(.able)
    ledger.failedManually("no HSCAN")
    #expect(ledger.report.lacks == "no HSCAN" && ledger.report.unable == nil)
    ledger.firedManually(at: now)
    #expect(ledger.report.lacks == nil)
    // A long reason is cut in the record.
    ledger.take(.limited(reason: String(repeating: "x", count: 1000)))
    var told = record()
    told.firing = ledger.report
    #expect(DaemonRecord(told.bytes)?.firing?.lacks?.count == FiringReport.longestReason)
  }

  @Test func theLedgerKeepsTheOldestRefusal() {
    var ledger = FireLedger()
    ledger.ended(EntryName("a"), .refused("full"), at: ago(10))
    ledger.ended(EntryName("b"), .refused("no list"), at: ago(8))
    ledger.ended(EntryName("a"), .refused("fuller"), at: ago(6))
    #expect(
      ledger.report.refused
        == FiringReport.Obstacle(reason: "fuller", since: ago(10), count: 2, schedule: EntryName("a")))
    ledger.ended(EntryName("a"), .fired, at: ago(5))
    #expect(ledger.report.fired == ago(5) && ledger.report.refused?.schedule == EntryName("b"))
    // The schedule was edited or deleted.
    ledger.forget(EntryName("b"))
    #expect(ledger.report.refused == nil)
    // The ledger is bounded.
    for number in 0..<1000 { ledger.ended(EntryName("\(number)"), .refused("full"), at: ago(3)) }
    #expect(ledger.report.refused?.count == FireLedger.longest)
    ledger.standBy()
    #expect(ledger.report.refused == nil && ledger.report.fired == ago(5))
  }

  @Test func theLedgerKnowsTheBroker() {
    var ledger = FireLedger()
    ledger.lostBroker("refused", waiting: 3, at: ago(10))
    ledger.lostBroker("no answer", waiting: 5, at: ago(5))
    #expect(ledger.report.brokerLost == FiringReport.Obstacle(reason: "no answer", since: ago(10), count: 5))
    ledger.foundBroker()
    #expect(ledger.report.brokerLost == nil)
    ledger.deferral("no list", at: ago(3))
    #expect(ledger.report.deferral?.isTotal == true)
    ledger.relayed(0, waiting: 1)
    #expect(ledger.report.deferral?.isTotal == true)
    ledger.relayed(2, waiting: 1)
    #expect(ledger.report.deferral?.since == ago(3) && ledger.report.deferral?.isTotal == false)
    ledger.relayed(1, waiting: 0)
    #expect(ledger.report.deferral == nil)
  }

  // MARK: the record

  @Test func theRecordIsReadAsItWasWritten() throws {
    var written = record {
      $0.fired = ago(1)
      $0.unable = "the broker \"x\" is away"
      $0.refused = FiringReport.Obstacle(reason: "é", since: ago(9), count: 3, schedule: EntryName("a b"))
      $0.brokerLost = FiringReport.Obstacle(reason: "r", since: ago(8), count: 31)
      $0.deferral = FiringReport.Obstacle(reason: "h", since: ago(7), isTotal: true)
    }
    written.options = [DaemonOption("--default-queue", "celery"), DaemonOption("--lease-ttl", "5")]
    #expect(DaemonRecord(written.bytes) == written)
    // A record of an earlier version, and one of a later version with more fields.
    let old = #"{"state": "leading", "version": "0.1.0", "host": "h", "pid": 1, "timezone": "UTC", "broker": "b"}"#
    let read = try #require(DaemonRecord(Array(old.utf8)))
    #expect(read.firing == nil && read.options.isEmpty && read.isLeading)
    let later =
      #"{"state": "leading", "firing": {"fired": null, "x": 1, "refused": 7}, "options": {"--new": "1", "y": 2}}"#
    let newer = try #require(DaemonRecord(Array(later.utf8)))
    #expect(newer.firing == FiringReport() && newer.options == [DaemonOption("--new", "1")])
  }

  // MARK: options

  private func with(_ options: [(String, String)], delivery: String = "direct", _ broker: String = "b") -> DaemonRecord
  {
    var record = record()
    record.options = options.map { DaemonOption($0.0, $0.1) }
    record.delivery = delivery
    record.broker = options.first { $0.0 == "--broker-url" }?.1 ?? broker
    return record
  }

  @Test func differencesNameTheOptionAndBothValues() {
    let one = with([("--default-queue", "celery"), ("--lease-ttl", "5"), ("--history", "10000")])
    let two = with([("--default-queue", "other"), ("--lease-ttl", "5"), ("--new-option", "1")])
    #expect(
      one.differences(from: two) == [
        DaemonDifference(option: "--default-queue", ours: "celery", theirs: "other")
      ])
    #expect(one.differences(from: one).isEmpty)
    // An earlier version's record has only zone and broker.
    var old = record()
    old.timezone = "Asia/Tokyo"
    #expect(with([("--timezone", "UTC"), ("--history", "1")]).differences(from: old).map(\.option) == ["--timezone"])
  }

  @Test(arguments: [
    ("redis://localhost:6379/0", "redis://10.0.0.1:6379/0", true),
    ("redis+socket:///run/redis.sock?virtual_host=2", "redis://10.0.0.1:6379/2", true),
    ("redis://localhost:6379/0", "redis://10.0.0.1:6379/3", false),
    ("redis://beat:***@h:6379/0", "redis://other:***@h:6379/0", true),
  ])
  func oneBrokerByTwoURLs(_ one: String, _ two: String, _ isSame: Bool) {
    let (first, second) = (with([("--broker-url", one)]), with([("--broker-url", two)]))
    #expect(first.differences(from: second).isEmpty == isSame)
    // If the queues are on another server than the store, the two addresses cannot be compared, except by their users.
    let (third, fourth) = (
      with([("--broker-url", one)], delivery: "outbox"), with([("--broker-url", two)], delivery: "outbox")
    )
    #expect(third.differences(from: fourth).isEmpty == one.contains("@"))
  }
}
