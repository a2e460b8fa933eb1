import Testing

@testable import BeatCore

@Suite("OutboxEnvelope: what a worker gets stands in the outbox, and no broker's part")
struct OutboxEnvelopeTests {
  private static let id = "5f8bd2a1-8f0c-5d5e-9f3a-0c1d2e3f4a5b"

  private func message(_ id: String = id, of fields: String...) throws -> TaskMessage {
    let layout = try DocumentLayout(
      Array(#"{"name": "a", "task": "proj.add", "enabled": true, \#(fields.map { $0 + ", " }.joined())"#.utf8)
        + Array(#""interval": {"every": 1, "period": "seconds"}}"#.utf8))
    let definition = try ScheduleDocument(layout.bytes, context: Sample.context).definition
    return TaskMessage(
      task: definition.task, id: TaskID(text: id), options: definition.options, route: .queue("q"), layout: layout,
      origin: "gen1@host", replyTo: "db655678-c42b-3e77-b0aa-787848ae062e", now: Sample.noon)
  }

  @Test func theBytesAreReadable() throws {
    let bytes = OutboxEnvelope().prepare(
      try message(of: #""args": [2,  "é"]"#, #""headers": {"n" :1e400}"#, #""expires": 1.5, "priority": 300"#)
    ).bytes
    #expect(
      String(bytes)
        == #"{"headers": {"lang": "py", "task": "proj.add", "id": "\#(Self.id)", "shadow": null, "eta": null, "#
        + #""expires": "2026-03-02T12:00:01.500000+00:00", "group": null, "group_index": null, "retries": 0, "#
        + #""timelimit": [null, null], "root_id": "\#(Self.id)", "parent_id": null, "argsrepr": "[2, '\u00e9']", "#
        + #""kwargsrepr": "{}", "origin": "gen1@host", "ignore_result": null, "replaced_task_nesting": 0, "#
        + #""stamped_headers": null, "stamps": {}, "n": 1e400, "celery_beat_task": true}, "properties": "#
        + #"{"correlation_id": "\#(Self.id)", "reply_to": "db655678-c42b-3e77-b0aa-787848ae062e", "delivery_mode": 2, "#
        + #""expiration": "1500", "priority": 300}, "body": [[2,  "é"], {}, "#
        + #"{"callbacks": null, "errbacks": null, "chain": null, "chord": null}]}"#)
  }

  /// Documents by chance: what is written is read.
  @Test func itIsReadBack() throws {
    var json = RandomJSON(seed: 17)
    for _ in 0..<500 {
      let message = try message(
        of: #""args": [\#(json.value())]"#, #""kwargs": {\#(JSONText.string(json.string())): \#(json.value())}"#)
      let bytes = OutboxEnvelope().prepare(message).bytes
      let read = try #require(OutboxMessage(bytes), "\(String(bytes))")
      #expect(read.form == .neutral && Array(read.body) == message.body)
      #expect(read.headers.count == 20)
      #expect(read.correlationID == Self.id && read.replyTo == message.properties.replyTo)
      #expect(read.deliveryMode == 2 && read.expiration == nil && read.priority == 0)
    }
  }

  @Test func anotherTasksMessageDiffersInItsIDsOnly() throws {
    let other = "0c1d2e3f-4a5b-5d5e-9f3a-5f8bd2a18f0c"
    let given = #""headers": {"id2": "\#(Self.id)"}"#
    let envelope = OutboxEnvelope()
    let bytes = envelope.prepare(try message(of: given)).bytes(for: TaskID(text: other))
    #expect(bytes == envelope.prepare(try message(other, of: given)).bytes)
  }
}
