import Testing

@testable import BeatCore

/// An installation at one moment, read from a store that returns what the test has set.
@Suite struct DaemonSnapshotTests {
  private let store = ToldStore()

  private func snapshot(_ context: (DaemonRecord?) -> Void = { _ in }) throws -> DaemonSnapshot {
    try DaemonSnapshot(of: store) { record in
      context(record)
      return DocumentContext(defaultZone: .utc) { name throws(ZoneError) in throw ZoneError(zone: name, message: "") }
    }
  }

  private func lead(loading: Bool = false) {
    var record = DaemonRecord(
      version: "1", host: "web1", processID: 7, since: store.now, isLeading: true, events: "keyspace",
      delivery: "direct", schedules: 40, rejected: 2, repaired: 0, timezone: "Asia/Tokyo", broker: "redis://localhost")
    record.firing = FiringReport()
    record.isLoading = loading
    store.told = Fleet(
      members: [Fleet.Member(instance: "a", record: record, silence: 1000, holdsLease: true)],
      lease: Fleet.Lease(token: "a:1", remaining: 4000), epoch: 1)
  }

  private func run(_ seconds: Int64, late: Int64) -> FireRecord {
    FireRecord(
      name: EntryName("a"), taskID: "id", due: store.now.advanced(by: -seconds * 1_000_000 - late), late: late,
      reason: FireReason.schedule.rawValue)
  }

  @Test("has the leader, the zone of its record, the lateness of runs, and the length of the outbox")
  func whole() throws {
    lead()
    store.runs = [run(1, late: 300), run(2, late: 100), run(3, late: 200)]
    store.outbox = .success(9)
    store.due.count = 5
    var asked: [String?] = []
    let snapshot = try snapshot { asked.append($0?.timezone) }
    #expect(snapshot.leader?.instance == "a" && asked == ["Asia/Tokyo"] && snapshot.health.verdict == .fires)
    #expect(snapshot.lateness.median == 200 && snapshot.lateness.worst == 300)
    #expect(snapshot.health.lastFire == store.runs[0].firedAt && snapshot.oldestRun == store.runs[2].firedAt)
    #expect(snapshot.outbox == 9 && snapshot.rejected.count == 3 && snapshot.store.kind == "told")
    #expect(snapshot.schedules.map { [$0.all, $0.rejected] } == [5, 0])
  }

  @Test("the counts of a store that is too large to be read come from a daemon that has read all")
  func large() throws {
    store.due.isPartial = true
    #expect(try snapshot().schedules == nil && snapshot().leader == nil)
    lead()
    #expect(try snapshot().schedules.map { [$0.all, $0.rejected] } == [42, 2])
    lead(loading: true)
    #expect(try snapshot().schedules == nil)
  }

  @Test("an overdue schedule means that the installation does not fire")
  func overdue() throws {
    lead()
    store.due.overdue = FiringHealth.Overdue(
      count: 1, first: EntryName("a"), since: store.now.advanced(by: -60_000_000))
    #expect(try !snapshot().health.fires)
    // A run came after that.
    store.runs = [run(1, late: 0)]
    #expect(try snapshot().health.fires)
  }

  @Test("at most 1000 runs are read")
  func extent() throws {
    store.runs = (0..<1200).map { run(Int64($0), late: 0) }
    #expect(try snapshot().lateness.count == 1000)
  }

  @Test("what the user may not read is left out; a store that cannot be reached is an error")
  func hidden() throws {
    store.history = StoreError(.denied, "no")
    store.outbox = .failure(StoreError(.denied, "no"))
    let seen = try snapshot()
    #expect(seen.lateness.count == 0 && seen.outbox == 0 && seen.setAside == 0)
    store.history = StoreError(.refused, "no")
    #expect(throws: StoreError(.refused, "no")) { try snapshot() }
    store.history = nil
    store.outbox = .failure(StoreError(.unreachable, "gone"))
    #expect(throws: StoreError(.unreachable, "gone")) { try snapshot() }
  }
}

private final class ToldStore: StoreInspector {
  let now = UnixTime(seconds: 1_800_000_000)
  var told = Fleet(members: [], lease: nil, epoch: nil)
  var due = DueSurvey()
  var runs: [FireRecord] = []
  var history: StoreError?
  var outbox: Result<Int64, StoreError> = .success(0)

  var name: String { "told" }
  var terms: any StoreTerms { PlainTerms() }
  var prefix: [UInt8] { [] }
  var ignoredNames: String? { nil }

  func time() throws(StoreError) -> UnixTime { now }
  func facts() throws(StoreError) -> StoreFacts { StoreFacts(kind: "told", words: "", facts: [], writeObstacle: nil) }
  func place(of name: EntryName) -> [UInt8] { name.bytes }
  func names() throws(StoreError) -> [EntryName] { [] }
  func eachDocument(_ names: [EntryName], _ body: @escaping (StoredDocument) -> Void) throws(StoreError) {}
  func survey(_ context: DocumentContext, now: UnixTime, atMost limit: Int) throws(StoreError) -> DueSurvey { due }
  var isDubious: Bool { false }
  func doubt(_: [EntryName]) -> PlaceDoubt? { nil }
  func neighbours() throws(StoreError) -> [EntryName] { [] }
  func fleet() throws(StoreError) -> Fleet { told }
  func receipt(of name: EntryName) throws(StoreError) -> EditReceipt? { nil }
  func rejections(atMost limit: Int) throws(StoreError) -> (count: Int, first: [(EntryName, String)]) { (3, []) }
  func outboxLength() throws(StoreError) -> Int64 { try outbox.get() }
  func messagesSetAside(atMost limit: Int) throws(StoreError) -> MessagesSetAside {
    MessagesSetAside(count: Int(try outbox.get()), newest: [])
  }
  func application() throws(StoreError) -> [UInt8]? { nil }
  func newestRun() throws(StoreError) -> UnixTime? { nil }
  func oldestRun() throws(StoreError) -> UnixTime? { nil }
  func problem(ofPlace place: [UInt8], named name: String) throws(StoreError) -> String? { nil }

  func historyEnd() throws(StoreError) -> HistoryPlace { HistoryPlace("") }
  func runs(after _: inout HistoryPlace) throws(StoreError) -> [FireRecord] { [] }

  func walkEdits(since _: UnixTime?, _ take: (EditRecord) -> Bool) throws(StoreError) {}

  func walkHistory(
    since _: UnixTime?, upTo _: HistoryPlace?, _ take: (FireRecord) -> Bool
  ) throws(StoreError) {
    if let history { throw history }
    for run in runs where !take(run) { return }
  }

  func preview(
    _ document: StoredDocument, context: DocumentContext, defaultQueue: String
  ) throws(StoreError) -> Result<FirePlan, Scheduler.ManualProblem> { throw StoreError(.refused, "") }
}
