import Testing

@testable import BeatCore

@Suite("What a Celery application says of its tasks, and what it may not")
struct ApplicationManifestTests {
  private func manifest(_ text: String) throws(DocumentProblem) -> ApplicationManifest {
    try ApplicationManifest(Array(text.utf8), context: Sample.context)
  }

  private func problem(_ text: String) -> String? {
    do {
      _ = try manifest(text)
      return nil
    } catch { return error.description }
  }

  @Test func aWholeOneIsRead() throws {
    let manifest = try manifest(
      #"{"version": 1, "application": "proj", "published_at": "2026-03-02T12:00:00Z", "published_by": "host","#
        + #" "celery": "5.7.0", "timezone": "Europe/Berlin", "transport_options": {"sep": "|"}, "#
        + #""routers": ["proj.routes.route"], "default": {"queue": "celery", "priority": 1}, "of a newer one": [], "#
        + #""tasks": {"t.a": {"queue": "q", "priority": 3, "time_limit": 60, "soft_time_limit": 30, "expires": 5, "#
        + #""ignore_result": true, "delivery_mode": 1, "varies": true, "serializer": "pickle", "problem": "p", "#
        + #""unsaid": "u", "from": {"queue": "routes", "priority": "task", "expires": "elsewhere"}}, "t.b": {}}}"#)
    #expect(manifest.name == "proj")
    #expect(manifest.publishedAt == Sample.noon)
    #expect(manifest.publishedBy == "host")
    #expect(manifest.celery == "5.7.0")
    #expect(manifest.timezone == "Europe/Berlin")
    #expect(manifest.transportOptions.map { String($0) } == #"{"sep": "|"}"#)
    #expect(manifest.routers == ["proj.routes.route"])
    #expect(manifest.fallback.options.queue == "celery")
    let task = try #require(manifest.tasks["t.a"])
    var options = MessageOptions()
    (options.queue, options.priority, options.expires) = ("q", 3, .after(5_000_000))
    (options.timeLimit, options.softTimeLimit) = ("60", "30")
    (options.ignoreResult, options.deliveryMode) = (true, 1)
    #expect(task.options == options)
    #expect(task.sources == ["queue": .routes, "priority": .task])
    #expect(task.isRoutedByFunction)
    #expect(task.serializer == "pickle")
    #expect(task.problem == "p")
    #expect(task.unsaid == "u")
    #expect(manifest.tasks["t.b"] == ApplicationTask())
    #expect(manifest.sending("t.c").options.priority == 1)
  }

  @Test(arguments: [
    ("", "not a readable document, line 1 column 1: is empty; expected a JSON object"),
    ("[]", "not a readable document, line 1 column 1: is not a JSON object; expected it to begin with '{'"),
    ("{}", "version: is missing; publish it with python -m reactivebeat publish"),
    (#"{"version": 2, "tasks": {}}"#, "version 2: this beat-watch understands 1: upgrade it"),
    (#"{"version": 1}"#, "tasks: is missing"),
    (#"{"version": 1, "tasks": []}"#, "tasks []: expected an object"),
    (#"{"version": 1, "timezone": "Mars/Base", "tasks": {}}"#, #"timezone "Mars/Base": there is no such zone"#),
  ])
  func aWrongOneIsRefused(_ text: String, _ reason: String) {
    #expect(problem(text) == reason)
  }

  @Test func oneThatIsTooLongIsNotRead() {
    let text = String(repeating: " ", count: Limit.manifestLength.most + 1)
    #expect(problem(text) == Limit.manifestLength.excess(Limit.manifestLength.most + 1))
  }

  /// One bad task harms only itself, also one whose queue is a key of something else.
  @Test(arguments: [
    ("1", "tasks.a 1: expected an object"),
    (#"{"priority": "high"}"#, #"tasks.a.priority "high": expected a whole number"#),
    (#"{"queue": 3, "priority": 1}"#, "tasks.a.queue 3: expected text in double quotes"),
    (#"{"queue": "unacked"}"#, #"tasks.a.queue "unacked": is the transport's own"#),
  ])
  func aWrongTaskHarmsOnlyItself(_ task: String, _ reason: String) throws {
    var context = Sample.context
    context.nameProblem = { $0.starts(with: "unacked".utf8) ? "is the transport's own" : nil }
    let text = #"{"version": 1, "default": \#(task), "tasks": {"a": \#(task), "b": {"queue": "q"}}}"#
    let manifest = try ApplicationManifest(Array(text.utf8), context: context)
    let problem = "what the application says of it cannot be used: \(reason); name a queue, or publish it mended"
    var expected = ApplicationTask()
    expected.problem = problem
    #expect(manifest.tasks["a"] == expected)
    #expect(manifest.fallback.problem == problem.replacing("tasks.a", with: "default"))
    #expect(manifest.tasks["b"]?.options.queue == "q")
  }

  @Test func whenAndWhereItWasPublishedDoesNotCount() throws {
    func published(_ more: String, _ tasks: String = #"{"a": {"queue": "q"}}"#) throws -> ApplicationManifest {
      try manifest(#"{"version": 1, "tasks": \#(tasks)\#(more)}"#)
    }
    let first = try published(#", "published_at": "2026-03-02T12:00:00Z", "published_by": "a""#)
    #expect(first.says(try published(#", "published_by": "b""#)))
    #expect(!first.says(try published(#", "timezone": "Europe/Berlin""#)))
    #expect(!first.says(try published("", #"{"a": {"queue": "r"}}"#)))
    #expect(!first.says(nil))
    #expect(!first.says(try published(#", "queue_declaration": "quorum""#)))
    // Another queue sends otherwise; another zone, or a task that cannot be sent, is read otherwise.
    #expect(first.readsAlike(try published("", #"{"a": {"queue": "r"}}"#)))
    #expect(first.readsAlike(try published(#", "queue_declaration": "quorum""#)))
    #expect(!first.readsAlike(try published(#", "timezone": "Europe/Berlin""#)))
    #expect(!first.readsAlike(try published("", #"{"a": {"problem": "to a fanout exchange"}}"#)))
  }
}
