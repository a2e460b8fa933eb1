import Testing

@testable import BeatCore

@Suite("Documents that are set aside: each harms only itself, and runs again when it is mended")
struct RejectedDocumentTests {
  private let a = EntryName("a")
  private let b = EntryName("b")

  @Test func oneBadDocumentHarmsOnlyItself() {
    var bench = SchedulerBench()
    let actions = bench.load([(a, "{", nil), (b, Sample.document(), nil)])
    #expect(
      actions.reports == [
        .rejected(a, reason: "not a readable document, line 1 column 2: expected a key in double quotes"),
        .loaded(b, next: at(10), initially: true), .ready(schedules: 1, rejected: 1),
      ])
    #expect(bench.run(20).fires.map(\.entry) == [b, b])
  }

  /// The schedule that was stored before does not go on, since the document no longer has it.
  @Test func aScheduleThatBecomesUnreadableStops() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document())
    let actions = bench.edit(a, Sample.document(#""enabled": "yes""#))
    #expect(
      actions.reports == [.rejected(a, reason: #"enabled "yes": expected true or false, without quotes"#)])
    #expect(bench.run(60).fires == [])
    #expect(bench.scheduler.scheduleCount == 0 && bench.scheduler.rejectedCount == 1)
  }

  @Test func mendedItGoesOnWithTheNextOccurrenceAfterNow() {
    var bench = SchedulerBench()
    _ = bench.load(a, Sample.document())
    _ = bench.run(10)
    _ = bench.edit(a, "{", .fired(10))
    _ = bench.run(32)
    let actions = bench.edit(a, Sample.document(), .fired(10))
    #expect(actions.reports == [.loaded(a, next: at(50), initially: false)])
    #expect(bench.run(20).dues == [50, 60])
    #expect(bench.scheduler.rejectedCount == 0)
  }

  @Test func aReasonIsToldOfOnce() {
    var bench = SchedulerBench()
    _ = bench.load(a, "{")
    #expect(bench.edit(a, "{").reports == [])
    #expect(bench.edit(a, "{ ").reports.count == 1, "other bytes: a user tried to mend it")
    #expect(bench.load(a, "{ ").reports == [.ready(schedules: 0, rejected: 1)])
  }

  @Test func whatIsNoDocumentIsSetAsideInTheStoresWords() {
    var bench = SchedulerBench.watching()
    let reason = "holds a list, and a schedule is text"
    _ = bench.receive(.touched(a))
    #expect(bench.read(a, .unusable(Sample.unusable)).reports == [.rejected(a, reason: reason)])
    #expect(bench.edit(a, Sample.document()).reports == [.loaded(a, next: at(10), initially: false)])
    _ = bench.receive(.touched(a))
    #expect(bench.read(a, .unusable(Sample.unusable)).reports == [.rejected(a, reason: reason)])
    #expect(bench.run(60).fires == [])
  }

  @Test func aDocumentThatIsTooLongIsSetAsideUnread() {
    var bench = SchedulerBench.watching { $0.maximumDocumentLength = 1_000 }
    _ = bench.receive(.touched(a))
    #expect(
      bench.read(a, .tooLong(536_870_912)).reports == [
        .rejected(a, reason: "is 536870912 bytes long, and at most 1000 are read")
      ])
  }

  /// A thousand documents of 1 MB would take a gigabyte: only a digest is remembered, by which the same bytes are
  /// recognised.
  @Test func theDocumentItselfIsNotKept() throws {
    var bench = SchedulerBench()
    let document = String(repeating: "x", count: 1_000_000)
    _ = bench.load(a, document)
    guard case .digest(let digest) = try #require(bench.scheduler.document(of: a)) else {
      Issue.record("the bytes are kept")
      return
    }
    #expect(digest.sha1 == SHA1.digest(Array(document.utf8)))
    #expect(bench.scheduler.isKnown(a, Scheduler.DocumentRead(.document(Array(document.utf8)), watermark: nil)))
    let other = String(repeating: "y", count: 1_000_000)
    #expect(!bench.scheduler.isKnown(a, Scheduler.DocumentRead(.document(Array(other.utf8)), watermark: nil)))
    #expect(bench.edit(a, document).reports == [], "the same bytes say nothing new")
    #expect(bench.edit(a, other).reports.count == 1)
  }

  @Test func deletedItIsForgotten() {
    var bench = SchedulerBench()
    _ = bench.load(a, "{")
    _ = bench.receive(.touched(a))
    #expect(bench.read(a, .absent).reports == [.removed(a)])
    #expect(bench.scheduler.rejectedCount == 0)
  }

  @Test func aLoadThatDoesNotFindItForgetsItToo() {
    var bench = SchedulerBench()
    _ = bench.load(a, "{")
    #expect(bench.load([]).reports == [.removed(a), .ready(schedules: 0, rejected: 0)])
  }

  @Test func warningsComeWithTheSchedule() {
    var bench = SchedulerBench()
    let document = Sample.document(#""options": {"colour": 1}"#)
    #expect(bench.load(a, document).warnings == ["options.colour is not supported and has no effect"])
    #expect(bench.edit(a, document).warnings == [], "the same bytes say nothing new")
  }

  // MARK: reading

  /// The answer to a read is older than an event that came after the read was sent.
  @Test func aKeyTouchedWhileItIsReadIsReadAgain() {
    var bench = SchedulerBench.watching()
    #expect(bench.receive(.touched(a)) == [.read(a)])
    #expect(bench.receive(.touched(a)) == [])
    #expect(bench.receive(.touched(a)) == [])
    #expect(bench.read(a, Sample.document()).reads == [a])
    #expect(bench.read(a, Sample.document(#""args": [1]"#)).reads == [])
    #expect(bench.receive(.touched(a)) == [.read(a)])
  }

  @Test func keysAreReadOneForOne() {
    var bench = SchedulerBench.watching()
    #expect(bench.receive(.touched(a)) == [.read(a)])
    #expect(bench.receive(.touched(b)) == [.read(b)])
  }
}
