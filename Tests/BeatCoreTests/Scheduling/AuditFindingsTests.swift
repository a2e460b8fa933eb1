import Testing

@testable import BeatCore

@Suite("An audit judges only quiet names: in a storm of edits it finds those of which no event came, and no others")
struct AuditFindingsTests {
  private let a = EntryName("a")
  private let b = EntryName("b")
  private func document(_ number: Int) -> String { Sample.document(#""args": [\#(number)]"#) }

  /// A scheduler, and an audit of what it knows.
  private struct Auditing {
    var bench = SchedulerBench()
    var findings = AuditFindings()

    init(_ documents: [(EntryName, String)]) { _ = bench.load(documents.map { ($0.0, $0.1, nil) }) }

    /// The event of an edit, which scheduler and audit both receive.
    mutating func hear(_ name: EntryName) -> [Scheduler.Action] {
      findings.touched(name)
      return bench.receive(.touched(name))
    }

    /// The stored document, as the audit has read it.
    mutating func look(_ name: EntryName, _ content: Scheduler.DocumentRead.Content) {
      let isKnown = bench.scheduler.isKnown(name, Scheduler.DocumentRead(content, watermark: nil))
      findings.looked(at: name, isKnown: isKnown, isQuiet: bench.scheduler.isQuiet(name))
    }

    mutating func look(_ name: EntryName, _ document: String) { look(name, .document(Array(document.utf8))) }

    mutating func finish() -> [EntryName] {
      findings.scanned(known: bench.scheduler.names, isQuiet: bench.scheduler.isQuiet)
      return findings.repairs(isQuiet: bench.scheduler.isQuiet)
    }
  }

  @Test func whatNobodyHasToldOfIsFound() {
    var audit = Auditing([(a, document(1)), (b, document(1))])
    audit.look(a, document(2))
    audit.look(b, document(1))
    #expect(audit.finish() == [a])
  }

  @Test func whatIsGoneWithoutAnEventIsFound() {
    var audit = Auditing([(a, document(1)), (b, document(1))])
    audit.look(b, document(1))
    #expect(audit.finish() == [a])
  }

  /// The event came before the audit's answer, and the scheduler's own read is answered after it.
  @Test func aReadOnItsWayIsWaitedFor() {
    var audit = Auditing([(a, document(1))])
    _ = audit.bench.receive(.touched(a))
    audit.findings = AuditFindings()
    audit.look(a, document(2))
    _ = audit.bench.read(a, document(2))
    #expect(audit.finish() == [])
  }

  /// The audit's answer came before the event.
  @Test func anEventOnItsWayIsWaitedFor() {
    var audit = Auditing([(a, document(1))])
    audit.look(a, document(2))
    #expect(!audit.findings.isEmpty)
    _ = audit.hear(a)
    #expect(audit.finish() == [])
  }

  /// Each edit's read is answered at once, and the audit's answer still has the edit before.
  @Test func anAnswerThatIsOlderThanTheEventIsNotJudged() {
    var audit = Auditing([(a, document(1))])
    _ = audit.hear(a)
    _ = audit.bench.read(a, document(2))
    audit.look(a, document(1))
    #expect(audit.finish() == [])
  }

  @Test func aFireOnItsWayIsWaitedFor() throws {
    var audit = Auditing([(a, document(1))])
    let plan = try #require(audit.bench.pass(10).fires.first)
    audit.look(a, .document(plan.newDocument))
    _ = audit.bench.end(plan, .fired)
    #expect(audit.finish() == [])
    // An audit does not judge a name either whose fire began afterwards.
    audit.findings = AuditFindings()
    audit.look(a, document(2))
    _ = audit.bench.pass(10)
    #expect(audit.finish() == [])
  }

  /// SCAN is certain to return only the names that exist from its beginning to its end.
  @Test func whatCameDuringTheScanIsNotMissing() {
    var audit = Auditing([(b, document(1))])
    audit.look(b, document(1))
    _ = audit.hear(a)
    _ = audit.bench.read(a, document(1))
    #expect(audit.finish() == [])
  }

  @Test func whatWentAndCameBackIsNotMissing() {
    var audit = Auditing([(a, document(1))])
    _ = audit.hear(a)
    _ = audit.bench.read(a, .absent)
    _ = audit.hear(a)
    _ = audit.bench.read(a, document(1))
    #expect(audit.finish() == [])
  }

  /// The document is gone, perhaps without an event: the scheduler reads it once more by itself.
  @Test func whatIsDoubtedIsNotJudged() {
    var audit = Auditing([(a, document(1))])
    _ = audit.bench.receive(.touched(a))
    _ = audit.bench.read(a, .absent)
    audit.look(a, document(2))
    #expect(audit.finish() == [])
  }

  /// A thousand names are edited all the time, and each of their reads is answered late. One more name is edited
  /// without an event.
  @Test(arguments: [1, 2, 3] as [UInt64]) func aStormHidesNothing(_ seed: UInt64) throws {
    var random = Storm(seed)
    let names = (0..<1000).map { EntryName("n\($0)") }
    let quiet = EntryName("quiet")
    var audit = Auditing((names + [quiet]).map { ($0, document(0)) })
    var stored = Dictionary(uniqueKeysWithValues: names.map { ($0, 0) })
    var events: [EntryName] = []
    var reads: [EntryName] = []
    for round in 1...10 {
      audit.findings = AuditFindings()
      for name in names.shuffled(using: &random) + [quiet] {
        for _ in 0..<3 {
          // Edits, their events and the answers of reads follow each other with delays.
          let edited = names[Int(random.next() % 1000)]
          stored[edited] = round * 10_000 + Int(random.next() % 10_000)
          events.append(edited)
          if events.count > 200 { reads += audit.hear(events.removeFirst()).reads }
          if reads.count > 100 {
            let read = reads.removeFirst()
            reads += audit.bench.read(read, document(stored[read] ?? 0)).reads
          }
        }
        audit.look(name, document(name == quiet ? round : stored[name] ?? 0))
      }
      // The audit waits, so that everything on its way arrives.
      while !events.isEmpty || !reads.isEmpty {
        if !events.isEmpty { reads += audit.hear(events.removeFirst()).reads }
        if !reads.isEmpty {
          let read = reads.removeFirst()
          reads += audit.bench.read(read, document(stored[read] ?? 0)).reads
        }
      }
      #expect(audit.finish() == [quiet], "round \(round)")
      _ = audit.bench.edit(quiet, document(round))
    }
  }

  /// The audit remembers a limited number of events. Beyond that it reports nothing.
  @Test func ofTooManyItJudgesNobody() {
    var findings = AuditFindings()
    findings.looked(at: a, isKnown: false, isQuiet: true)
    for number in 0...AuditFindings.mostHeard { findings.touched(EntryName("\(number)")) }
    findings.looked(at: b, isKnown: false, isQuiet: true)
    findings.scanned(known: [a, b]) { _ in true }
    #expect(findings.repairs { _ in true } == [] && findings.isOverrun)
  }
}

/// Random numbers by xorshift64.
private struct Storm: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }
  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}
