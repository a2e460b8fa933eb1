import Testing

@testable import BeatCore

/// Documents whose task's application has published a manifest. The sample's task is `proj.tasks.add`.
@Suite("A document says what it says, and the application the rest")
struct ApplicationReadingTests {
  private static let all =
    #""queue": "q", "priority": 3, "expires": 60, "time_limit": 20, "soft_time_limit": 10, "ignore_result": true, "#
    + #""delivery_mode": 1, "shadow": "s""#

  private func context(_ task: String?, fallback: String = "{}", more: String = "") throws -> DocumentContext {
    let tasks = task.map { #"{"proj.tasks.add": \#($0)}"# } ?? "{}"
    let text = #"{"version": 1, "application": "proj", "default": \#(fallback), "tasks": \#(tasks)\#(more)}"#
    return Sample.context.applying(try ApplicationManifest(Array(text.utf8), context: Sample.context))
  }

  private func read(_ fields: String, _ context: DocumentContext) throws(DocumentProblem) -> ScheduleDocument {
    try ScheduleDocument(Array(Sample.document(fields).utf8), context: context)
  }

  @Test func aTaskAloneGetsAllOfIt() throws {
    let document = try read("", try context("{\(Self.all)}"))
    #expect(document.definition.options == (try Sample.read(Sample.document(Self.all)).definition.options))
    #expect(document.warnings == [])
  }

  @Test func whatTheDocumentSaysWins() throws {
    let own =
      #""priority": 9, "expires": 5, "time_limit": 2, "soft_time_limit": 1, "ignore_result": false, "#
      + #""delivery_mode": 2, "shadow": "own""#
    let options = try read(own, try context("{\(Self.all)}")).definition.options
    var expected = try Sample.read(Sample.document(own)).definition.options
    expected.queue = "q"
    #expect(options == expected)
  }

  /// Parts of both could lead where neither means it.
  @Test(
    arguments: [
      (#""queue": "own""#, "own", nil, nil),
      (#""exchange": "e", "routing_key": "k""#, nil, "e", "k"),
      (#""options": {"queue": "own"}"#, "own", nil, nil),
      (#""priority": 1"#, "q", "x", "r"),
      (#""routing_key": "own""#, "q", "x", "own"),
    ] as [(String, String?, String?, String?)])
  func aDestinationIsOneUnit(_ fields: String, _ queue: String?, _ exchange: String?, _ key: String?) throws {
    let options = try read(fields, try context(#"{"queue": "q", "exchange": "x", "routing_key": "r"}"#))
      .definition.options
    #expect(options.queue == queue)
    #expect(options.exchange == exchange)
    #expect(options.routingKey == key)
  }

  @Test func aTaskThatTheApplicationDoesNotHaveGetsTheDefaultAndAWarning() throws {
    let document = try read("", try context(nil, fallback: #"{"queue": "rest"}"#))
    #expect(document.definition.options.queue == "rest")
    #expect(
      document.warnings == [
        "task proj.tasks.add: the application proj has no such task, and a worker without it discards the message"
      ])
  }

  /// Schedules name it, so that the application was asked where it would go.
  @Test func aTaskThatIsNotRegisteredGetsItsRouteAndTheSameWarning() throws {
    let document = try read(
      "", try context(#"{"registered": false, "queue": "routed"}"#, fallback: #"{"queue": "rest"}"#))
    #expect(document.definition.options.queue == "routed")
    #expect(document.warnings.count == 1 && document.warnings[0].contains("has no such task"), "\(document.warnings)")
    #expect(try read("", try context(#"{"registered": true, "queue": "routed"}"#)).warnings == [])
  }

  @Test func aTaskThatCannotBeSentNeedsAQueueOfItsDocument() throws {
    let context = try context(#"{"problem": "it goes to a fanout exchange; name a queue", "priority": 3}"#)
    do throws(DocumentProblem) {
      _ = try read("", context)
      Issue.record("it is taken")
    } catch {
      #expect(error.description == #"task "proj.tasks.add": it goes to a fanout exchange; name a queue"#)
    }
    let options = try read(#""queue": "own""#, context).definition.options
    #expect(options.queue == "own")
    #expect(options.priority == 3)
  }

  @Test func aRouterThatWantsArgumentsIsToldOfWhereItMatters() throws {
    let context = try context(#"{"unsaid": "proj.route: KeyError: 'tenant'", "queue": "celery"}"#)
    #expect(
      try read("", context).warnings == [
        "no queue is named, and the application cannot say one: proj.route: KeyError: 'tenant'"
      ])
    #expect(try read(#""queue": "own""#, context).warnings == [])
  }

  @Test func anotherSerializerIsToldOf() throws {
    let warnings = try read("", try context(#"{"serializer": "pickle"}"#)).warnings
    #expect(
      warnings == [
        "task proj.tasks.add: the application sends it as pickle, and beat-watch as JSON, which the workers must "
          + "accept (accept_content)"
      ])
  }

  @Test func itsZoneIsThatOfCrontabsWithoutOne() throws {
    let context = try context("{}", more: #", "timezone": "Europe/Berlin""#)
    #expect(context.defaultZone.name == "Europe/Berlin")
  }

  // MARK: the scheduler

  private let a = EntryName("a")

  /// The list to which the next fire goes, and whether it was planned from a template.
  private func queue(_ bench: inout SchedulerBench) -> [Route] {
    let plans = bench.run(10).compactMap { if case .fire(let plan) = $0 { plan } else { nil } }
    return plans.map(\.route)
  }

  @Test func anotherRouteIsInForceAtTheNextFireAlsoWhereThereIsATemplate() throws {
    var bench = SchedulerBench { $0.templatesFrom = 0 }
    _ = bench.receive(.sendingChanged(try context(#"{"queue": "one"}"#)))
    _ = bench.load(a, Sample.document(), .fired(0))
    #expect(queue(&bench) == [.queue("one")])
    #expect(queue(&bench) == [.queue("one")])
    _ = bench.receive(.sendingChanged(try context(#"{"queue": "two"}"#)))
    #expect(queue(&bench) == [.queue("two")])
    _ = bench.receive(.sendingChanged(Sample.context))
    #expect(queue(&bench) == [.queue("celery")])
  }
}
