import Testing

@testable import BeatCore

@Suite("TaskMessage: what Celery says of a task, whichever broker carries it")
struct TaskMessageTests {
  /// The headers as `name=value`, in order.
  private struct Headers: TaskHeaderWriter {
    var lines: [String] = []

    mutating func write(_ name: StaticString, _ value: TaskMessage.Headers.Value) {
      let text =
        switch value {
        case .null: "null"
        case .bool(let flag): "\(flag)"
        case .integer(let number): "\(number)"
        case .text(let text): text
        case .utf8(let text): String(text)
        case .id(let id): "id \(id)"
        case .pair(let first, let second): "[\(first ?? "null"), \(second ?? "null")]"
        case .emptyObject: "{}"
        }
      lines.append("\(name)=\(text)")
    }

    mutating func write(key: ArraySlice<UInt8>, json value: ArraySlice<UInt8>) {
      lines.append("\(String(Array(key)))=\(String(Array(value)))")
    }
  }

  private func message(_ fields: String...) throws -> TaskMessage {
    let layout = try DocumentLayout(Array(Sample.document(contentsOf: fields).utf8))
    let definition = try ScheduleDocument(layout.bytes, context: Sample.context).definition
    return TaskMessage(
      task: definition.task, id: TaskID(text: "7"), options: definition.options,
      route: Route(definition.options, defaultQueue: "celery"), layout: layout, origin: "gen1@host", replyTo: "reply",
      now: Sample.noon)
  }

  @Test func headersStandInCelerysOrder() throws {
    var headers = Headers()
    try message(
      #""args": [2], "time_limit": 20, "headers": {"tenant": "☃"}, "expires": 1.5, "ignore_result": true"#
    ).headers.write(to: &headers)
    #expect(
      headers.lines == [
        "lang=py", "task=proj.tasks.add", "id=id 7", "shadow=null", "eta=null",
        "expires=2026-03-02T12:00:01.500000+00:00", "group=null", "group_index=null", "retries=0",
        "timelimit=[20, null]", "root_id=id 7", "parent_id=null", "argsrepr=[2]", "kwargsrepr={}", "origin=gen1@host",
        "ignore_result=true", "replaced_task_nesting=0", "stamped_headers=null", "stamps={}", #""tenant"="☃""#,
        "celery_beat_task=true",
      ])
  }

  /// A document cannot set the headers that Celery sets: every header that is written is refused in a document.
  @Test func ownNamesAreKnown() throws {
    var headers = Headers()
    try message().headers.write(to: &headers)
    for line in headers.lines {
      #expect(TaskMessage.Headers.own.contains(String(line.prefix { $0 != "=" })), "\(line)")
    }
  }

  @Test func bodyAndPropertiesAreNoBrokers() throws {
    let message = try message(#""args": [1,2], "kwargs": {"a":1}, "priority": 3"#)
    #expect(
      String(message.body)
        == #"[[1,2], {"a":1}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]"#)
    #expect(message.properties.priority == 3)
    #expect(message.properties.correlationID == message.headers.id)
    #expect(message.properties.replyTo == "reply")
  }

  /// Celery names the broker's own exchange for a plain queue.
  @Test func routes() throws {
    let plain = try message(#""queue": "q""#).route
    #expect(plain.exchange == "" && plain.routingKey == "q")
    let named = try message(#""exchange": "e", "routing_key": "k", "queue": "q""#).route
    #expect(named.exchange == "e" && named.routingKey == "k")
  }

  @Test func whatExpiresIsOfItsMoment() throws {
    #expect(try message().isTimeless)
    #expect(try !message(#""expires": 5"#).isTimeless)
    #expect(try !message(#""expires": "2026-03-02T12:00:01Z""#).isTimeless)
  }
}
