import Testing

@testable import BeatCore

@Suite("Options that cannot be honoured: one verdict at both places, by daemon, lint and import")
struct RefusedOptionTests {
  /// These options would change when or what runs. They are refused at the top level and in `options` alike.
  @Test(arguments: [
    (#""countdown": 10"#, "cannot be honoured: a run is sent when it is due"),
    (#""countdown": "10""#, "cannot be honoured"), (#""eta": "2030-01-01T00:00:00Z""#, "cannot be honoured"),
    (#""link": {"task": "t.b"}"#, "cannot be honoured: a schedule sends one task; let that task call the others"),
    (#""link": [{"task": "t.b"}]"#, "cannot be honoured"), (#""link_error": {"task": "t.b"}"#, "cannot be honoured"),
    (#""chain": [{"task": "t.b"}]"#, "cannot be honoured"), (#""chord": {"task": "t.b"}"#, "cannot be honoured"),
    (#""serializer": "pickle""#, #"only "json" is supported"#),
    (#""compression": "zlib""#, #"only "none" is supported"#),
    (#""exchange_type": "fanout""#, #"only "direct" and "topic" exchanges"#),
  ])
  func atBothPlaces(_ field: String, _ reason: String) throws {
    let name = field.dropFirst().prefix { $0 != "\"" }
    for (text, path) in [(field, "\(name)"), (#""options": {\#(field)}"#, "options.\(name)")] {
      let document = Sample.document(text)
      let problem = try #require(Sample.problem(document), "\(text) was accepted")
      #expect(problem.hasPrefix(path + " ") && problem.contains(reason), "\(problem)")
      // Lint finds the same problem, and no other.
      let remarks = DocumentReview(Array(document.utf8), context: Sample.context, now: Sample.noon).remarks
      #expect(remarks.map(\.level) == [.error] && remarks.first?.field == path, "\(remarks)")
      // Each import gives the same reason.
      let imported = try ImportSample.read(document, form: .documents).first
      #expect(imported?.problem == problem)
    }
  }

  /// These are Celery's own options, and refused only in `options`. At the top level such a field belongs to the
  /// document's author.
  @Test(arguments: [
    #""task_id": "x""#, #""group_id": "g""#, #""group_index": 3"#, #""retries": 2"#, #""reply_to": "q""#,
    #""stamped_headers": ["a"]"#, #""content_type": "application/x-yaml""#,
  ])
  func inOptionsOnly(_ field: String) {
    #expect(Sample.problem(Sample.document(#""options": {\#(field)}"#))?.contains("cannot be honoured") == true)
    #expect(Sample.problem(Sample.document(field)) == nil)
  }

  /// An empty value means nothing to Celery either, and old documents have many of them.
  @Test(arguments: [
    #""countdown": 0"#, #""countdown": null"#, #""eta": null"#, #""link": []"#, #""link": null"#, #""chain": []"#,
    #""chord": {}"#, #""link_error": false"#, #""serializer": """#, #""compression": null"#, #""retries": 0"#,
    #""task_id": """#,
  ])
  func whatSaysNothingIsAccepted(_ field: String) {
    for text in [field, #""options": {\#(field)}"#] { #expect(Sample.problem(Sample.document(text)) == nil, "\(text)") }
  }

  @Test func aLinkToAPageIsItsAuthorsOwn() {
    #expect(Sample.problem(Sample.document(#""link": "https://wiki.example/report""#)) == nil)
  }

  /// These options concern only the sender: in `options` they are accepted with a warning, and at the top level without
  /// one.
  @Test(arguments: ["retry", "retry_policy", "producer", "add_to_parent", "immediate", "root_id"])
  func withoutEffect(_ option: String) throws {
    let nested = try Sample.read(Sample.document(#""options": {"\#(option)": {"a": 1}}"#))
    #expect(nested.warnings == ["options.\(option) has no effect here"])
    #expect(try Sample.read(Sample.document(#""\#(option)": {"a": 1}"#)).warnings.isEmpty)
  }

  /// celerybeat-mongo and celerybeat-redis wrote such documents themselves, or ran them: they go on working.
  @Test(arguments: [
    #"{"_id": {"$oid": "5f"}, "_cls": "PeriodicTask", "name": "a", "task": "t", "enabled": true, "args": [], "kwargs": {}, "#
      + #""interval": {"_cls": "Interval", "every": 5, "period": "minutes"}, "queue": "q", "exchange": null, "#
      + #""routing_key": null, "soft_time_limit": 10, "expires": null, "start_after": null, "max_run_count": 0, "#
      + #""total_run_count": 3, "run_immediately": false, "description": "d", "no_changes": false, "#
      + #""date_changed": {"$date": "2026-01-01T00:00:00Z"}}"#,
    #"{"name": "a", "key": "tasks:meta:a", "task": "t", "enabled": true, "args": [], "kwargs": {}, "options": {}, "#
      + #""schedule": {"every": 60.0, "period": "seconds"}, "running": false, "delete_key": false, "last_run_at": null, "#
      + #""total_run_count": 0, "group_id": 7, "retries": 3, "timeout": 5, "type": "sync", "timestamp": 1}"#,
  ])
  func documentsOfOldSchedulers(_ text: String) throws {
    #expect(try Sample.read(text).warnings == [])
    #expect(DocumentReview(Array(text.utf8), context: Sample.context, now: Sample.noon).remarks == [])
  }
}
