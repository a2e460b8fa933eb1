import Testing

@testable import BeatCore

/// A plan that is made from a template equals the plan that is made from the document's text.
@Suite struct FireTemplateTests {
  private static let second = #"{"every": 1, "period": "seconds"}"#
  private static let documents = [
    Sample.document(interval: second),
    Sample.document(#""args": [1, "two"]"#, #""kwargs": {"a": null}"#, interval: second),
    Sample.document(#""last_run_at": null"#, #""total_run_count": 9"#, interval: second),
    Sample.document(#""total_run_count": 99"#, #""queue": "q""#, #""priority": 3"#, interval: second),
    Sample.document(
      #""total_run_count": {"$numberLong": "998"}"#, #""last_run_at": {"$date": "2026-03-02T13:59:59.5+02:00"}"#,
      #""headers": {"tenant": "5f8bd2a1-8f0c-5d5e-9f3a-0c1d2e3f4a5b"}"#, interval: second),
    Sample.document(#""run_immediately": true"#, interval: second),
    Sample.document(#""jitter": 0.5"#, #""last_run_at": 1772452799"#, interval: second),
    "{\n  \"name\": \"a\",\n  \"task\": \"t\",\n  \"interval\": \(second),\n  \"enabled\": true\n}",
  ]

  @Test(arguments: documents.indices) func sameAsFromTheDocument(_ index: Int) throws {
    let document = Self.documents[index]
    var fast = SchedulerBench.watching { $0.templatesFrom = 0 }
    var slow = SchedulerBench.watching { $0.templatesFrom = .max }
    _ = fast.read(EntryName("a"), document)
    _ = slow.read(EntryName("a"), document)
    for step in 1...120 {
      let (one, other) = (fast.run(1).fires, slow.run(1).fires)
      #expect(one == other, "in second \(step)")
      if step > 2 { #expect(!one.isEmpty) }
    }
    #expect(fast.scheduler.templates.count == 1)
    #expect(slow.scheduler.templates.count == 0)
  }

  @Test func editedInBetween() throws {
    var fast = SchedulerBench.watching { $0.templatesFrom = 0 }
    _ = fast.read(EntryName("a"), Self.documents[0])
    _ = fast.run(3)
    let edited = Sample.document(#""args": ["new"]"#, interval: Self.second)
    _ = fast.read(EntryName("a"), edited)
    let plans = fast.run(2).fires
    #expect(!plans.isEmpty)
    for plan in plans { #expect(String(decoding: plan.message, as: UTF8.self).contains("['new']")) }
  }

  @Test func messagesThatExpireHaveNone() throws {
    var fast = SchedulerBench.watching { $0.templatesFrom = 0 }
    _ = fast.read(EntryName("a"), Sample.document(#""expires": 5"#, interval: Self.second))
    let messages = fast.run(4).fires.map(\.message)
    #expect(messages.count >= 3)
    #expect(fast.scheduler.templates.count == 0)
  }

  @Test func rareOnesHaveNone() throws {
    var fast = SchedulerBench.watching { $0.templatesFrom = 0 }
    _ = fast.read(EntryName("a"), Sample.document(interval: #"{"every": 61, "period": "seconds"}"#))
    #expect(!fast.run(200).fires.isEmpty)
    #expect(fast.scheduler.templates.count == 0)
  }

  @Test func goneWithTheSchedule() throws {
    var fast = SchedulerBench.watching { $0.templatesFrom = 0 }
    _ = fast.read(EntryName("a"), Self.documents[0])
    _ = fast.run(3)
    #expect(fast.scheduler.templates.count == 1)
    _ = fast.receive(.read(EntryName("a"), Scheduler.DocumentRead(.absent, watermark: nil)))
    #expect(fast.scheduler.templates.count == 0)
    #expect(fast.scheduler.templates.size == 0)
  }

  /// Templates of schedules that no longer fire make room for those of others.
  @Test func bounded() throws {
    var templates = FireTemplates(limit: 10_000)
    let document = Array(Sample.document(interval: Self.second).utf8)
    func template(_ now: UnixTime) throws -> FireTemplate {
      let entry = ScheduleEntry(
        name: EntryName("a"), document: document,
        timing: EntryTiming(try ScheduleDocument(document, context: Sample.context).definition), base: now,
        totalRunCount: 0)
      let scheduler = Scheduler(SchedulerBench.configuration())
      let draft = scheduler.draft(entry, TaskID(text: "id"), due: now, sending: now, reason: .schedule, now: now)
      return try #require(draft?.template)
    }
    for handle in 0..<100 { templates.keep(try template(Sample.noon), of: handle, every: 1_000_000, now: Sample.noon) }
    let kept = templates.count
    #expect(kept > 3 && kept < 20 && templates.size <= 10_000)
    let later = Sample.noon.advanced(by: 300_000_000)
    templates.keep(try template(later), of: 100, every: 1_000_000, now: later)
    #expect(templates.count == 1)
    templates.keep(try template(later), of: 100, every: 1_000_000, now: later)
    #expect(templates.count == 1 && templates.size < 2_000)
  }
}
